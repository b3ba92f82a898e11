"""Records that programs have written into somebody's CRM, one call each."""
