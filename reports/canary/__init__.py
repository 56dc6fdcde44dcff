"""A canary told: its record, and one format a file. Feeds ``holdfast canary`` and the store."""
