"""The alert state machine: what a run says of incidents, what becomes of them, who hears of it.

Pure; feeds ``runner.alerting``.
"""
