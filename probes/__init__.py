"""Asks: suite nouns, wire protocols, the one sending file, samples and routes. Imports nothing above it."""
