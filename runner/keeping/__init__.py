"""What may be written of texts, and how long everything stays. Feeds engine, daemon and ``holdfast store``."""
