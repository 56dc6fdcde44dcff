"""The parts of one run: asking, judges, checks, what the judge sees, what it is judged by."""
