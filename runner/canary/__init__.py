"""Canaries: a candidate and production asked in pairs."""
