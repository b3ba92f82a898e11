"""Configured accounts at providers: settings, sealed secrets, webhook keys, health."""
