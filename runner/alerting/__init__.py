"""Alerts of runs, of time and of the installation: decided by ``reports.alerts``, written here.

And what people do about them. Feeds the engine, the daemon and the commands ``alerts`` and ``silence``.
"""
