"""The embedded fake endpoint, OpenAI-compatible and on loopback: for ``holdfast demo``, the docs and the tests."""
