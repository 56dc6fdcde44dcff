"""What may be written and for how long."""
