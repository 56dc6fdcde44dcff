"""Judges: check rules, baselines, drift and verdicts. Pure: no clock, no file, no network, no environment."""
