"""VTQL, the query language of the web service: from a text to what it asks for."""
