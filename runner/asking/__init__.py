"""One run in parts: asking, judges, checks, what the judge is given, what may be kept. Feeds engine and canaries."""
