"""A run made ready: the suite with its checks bound, the local code it may call, the order to run it."""
