"""Settings of one installation: ``holdfast.yaml`` and the environment."""
