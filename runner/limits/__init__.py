"""What holds requests back: places, minutes, caps of the day. Feeds runs, canaries and plans."""
