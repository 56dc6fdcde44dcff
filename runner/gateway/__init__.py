"""The metrics of finished runs, pushed to a Prometheus pushgateway. Feeds ``holdfast run``."""
