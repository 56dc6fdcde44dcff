"""The JSON Schema of suites, for editors. Feeds ``holdfast schema`` and ``holdfast init``."""
