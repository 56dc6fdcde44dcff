"""Speaks: summaries, alert decisions, messages, report formats and notifiers."""
