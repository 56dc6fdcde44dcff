"""Metrics of finished runs, pushed."""
