"""What Prometheus is told. Feeds the daemon and the pushgateway."""
