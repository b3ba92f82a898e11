"""Exchange rates: versions that are never changed, entered by people or taken from a bank."""
