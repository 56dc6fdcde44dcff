"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# Speed is a matter of benchmarks: a test that loads a model at its first example is not wrong for that.
settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")
