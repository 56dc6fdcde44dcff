"""The bytes under the HTTP client: names, sockets and TLS of our own, each step with its true instant.

Feeds ``transport``, which hands ``Network`` to httpcore2 (the engine of httpx2) as its network backend. httpcore2's
own backend is right but says nothing about when bytes came: only when a task got round to reading them, which in a
busy loop is milliseconds later.
"""
