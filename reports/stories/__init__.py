"""Incidents with their stories, for people and for programs. Feeds ``holdfast alerts``."""
