"""Every figure cut by label. Feeds formats, attribution and messages."""
