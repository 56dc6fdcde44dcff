"""What holds requests back: places, minutes, caps of the day."""
