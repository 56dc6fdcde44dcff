"""What a suite will find, and what it costs. Feeds ``holdfast plan``."""
