"""The alert state machine: what a run says of incidents, what happens to them, who hears of it. Pure."""
