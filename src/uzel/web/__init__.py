"""The HTTP edge, thin: hooks (machines in), the API, the console, health and figures."""
