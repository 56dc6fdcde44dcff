"""What is normal: people's acts on it, its versions and files, stored runs judged again.

Feeds ``holdfast baseline`` and ``holdfast replay``, plans, and the thresholds of runs.
"""
