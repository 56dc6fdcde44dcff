"""A candidate and production asked in pairs, then judged, stored and read back. Feeds ``holdfast canary``."""
