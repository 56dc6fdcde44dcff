"""How answers are put to a judge and its verdicts read: prompts, quoting, parsers, votes, calibration. Pure."""
