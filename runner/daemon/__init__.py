"""The cron-like service: its schedule, its runs in fair turns, its own health, and its pages."""
