"""The drift judge: what a run observed in, evidence for change out. Pure functions over JSON states."""
