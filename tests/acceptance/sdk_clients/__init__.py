"""Scripts that ask the fake endpoint with the official SDKs; another interpreter runs them."""
