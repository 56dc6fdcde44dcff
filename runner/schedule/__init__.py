"""When suites fire, and when they are left in peace: slots, cron lines, windows, pace. Feeds daemon and budget."""
