"""Alerts of runs and of what time brings: decided by ``reports``, written here, and what people do about them."""
