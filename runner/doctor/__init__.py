"""Examines an installation part by part, and says of each what is wrong and what to do. Feeds ``holdfast doctor``."""
