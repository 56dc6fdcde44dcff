"""Every figure cut by label."""
