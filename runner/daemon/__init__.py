"""The cron-like service: schedule, fair turns, reload, its own health, pages. Feeds ``holdfast daemon``."""
