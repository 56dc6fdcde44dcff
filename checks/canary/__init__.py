"""The canary: is a candidate endpoint worse than production? Judged on pairs of answers to the same question."""
