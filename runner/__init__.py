"""Drives: settings, engine, stores, daemon and command line. The only storey that builds concrete objects."""
