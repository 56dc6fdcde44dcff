"""What ``grounded``, ``no_pii`` and ``no_secret`` may be asked to look for, by name. Feeds those and their finders.

Apart from the finders, whose patterns take time to compile: they are imported when a suite needs them.
"""

from __future__ import annotations

from typing import Literal

FactKind = Literal["numbers", "dates", "quotes", "names"]
PersonalKind = Literal["email", "phone", "card", "iban", "ssn", "ip"]
SecretKind = Literal[
    "private_key",
    "aws",
    "github",
    "gitlab",
    "openai",
    "google",
    "slack",
    "stripe",
    "other_key",
    "jwt",
    "address",
    "named",
]
