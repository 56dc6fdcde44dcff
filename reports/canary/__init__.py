"""A canary told: its record, and the formats it is told in."""
