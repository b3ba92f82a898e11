"""Orders of a marketplace become deals in a CRM: each once, each whole."""
