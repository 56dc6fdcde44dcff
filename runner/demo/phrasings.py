"""What the fake endpoint says to the starter suite's questions: weighted phrasings, data only.

Read by ``answers``. ``house`` is the model that normally serves, ``other`` the one that the model-swap scenario slips
in; both satisfy the starter suite's contracts, apart from the arithmetic that is sometimes wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Weighted = tuple[tuple[int, str], ...]
"""Weight and phrasing; weights are relative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """All phrasings of one question."""

    house: Weighted
    other: Weighted
    form: Literal["prose", "json", "exact"] = "prose"
    """``exact`` answers are never padded: one word more would make them wrong."""


RIGHT_TOTAL = "147"
WRONG_TOTALS = ("133", "149", "154", "137")
REFUSAL = "I'm sorry, but I can't help with that."

FILLERS = (
    "If anything about this is unclear, just write back and we will gladly walk you through it step by step.",
    "This applies to every order from our shop, wherever it was delivered and however it was paid.",
    "You will find the same information in the help section of your account.",
    "Please keep your order number at hand when you get in touch.",
    "Our support desk is glad to help you further.",
    "We hope that this answers your question.",
    "Do let us know how it goes.",
    "Have a lovely day!",
    "Happy to help.",
    "Thank you!",
)
"""Harmless sentences, longest first, that the longer-answers scenario appends."""

BANKS: Mapping[str, Bank] = {
    "How do I return a keyboard bought two weeks ago?": Bank(
        house=(
            (5, "You can return it within 30 days of purchase. Open your order, choose Return and print the label."),
            (4, "Two weeks is fine: our return window is 30 days. Start the return from your order page."),
            (3, "Returns are accepted for 30 days, so go to Orders, pick the keyboard and click Return item."),
            (2, "Your keyboard is still inside the 30 days we allow. Ask for a return label under Orders."),
            (1, "Sure! Within 30 days you may send it back free of charge; request the label in your account."),
        ),
        other=(
            (4, "Absolutely: you have 30 days from delivery. Sign in, find the order and follow the return steps."),
            (3, "That purchase still qualifies, as we take items back for 30 days. Create a return online."),
            (2, "**Return policy:** 30 days. Log in, select the keyboard and drop off the parcel."),
            (1, "Certainly. Items can go back up to 30 days after purchase, and the courier is free."),
        ),
    ),
    "When is your support desk open on Saturdays?": Bank(
        house=(
            (5, "On Saturdays our support desk is open from 10:00 to 16:00."),
            (4, "Saturday hours are 10:00 to 16:00."),
            (2, "We are there on Saturdays between 10:00 and 16:00, local time."),
            (2, "The desk opens at 10:00 on Saturdays and closes at 16:00."),
        ),
        other=(
            (4, "You can reach the team on Saturdays from 10:00 until 16:00."),
            (3, "Weekend schedule: Saturday, 10:00 - 16:00."),
            (2, "Saturday support begins at 10:00 and ends at 16:00."),
            (1, "**Saturday:** 10:00 to 16:00."),
        ),
    ),
    "Extract total and due date: Invoice 4471, 1240.50 EUR, due 2026-07-01": Bank(
        form="json",
        house=(
            (6, '{"total": 1240.5, "due_date": "2026-07-01"}'),
            (3, '{"total": 1240.50, "due_date": "2026-07-01"}'),
            (2, '{"due_date": "2026-07-01", "total": 1240.5}'),
            (1, '{\n  "total": 1240.5,\n  "due_date": "2026-07-01"\n}'),
        ),
        other=(
            (4, '{\n  "due_date": "2026-07-01",\n  "total": 1240.50\n}'),
            (3, '{"due_date":"2026-07-01","total":1240.50}'),
            (2, '{"total":1240.5,"due_date":"2026-07-01"}'),
            (1, '{\n  "total": 1240.50,\n  "due_date": "2026-07-01"\n}'),
        ),
    ),
    "7 items at 19 euros plus 14 shipping, what is the total?": Bank(
        house=(
            (5, "The total is {total} euros."),
            (4, "7 x 19 = 133 euros, plus 14 euros for shipping makes {total} euros."),
            (3, "Seven items cost 133 euros; with shipping you pay {total} euros."),
            (2, "It comes to {total} euros, shipping included."),
            (1, "{total} euros."),
        ),
        other=(
            (4, "Adding it up, you pay **{total} euros**."),
            (3, "You would pay {total} EUR in all, shipping already counted."),
            (2, "Total = 7 * 19 + 14 = {total}"),
            (1, "Altogether that is {total} euros, including shipping."),
        ),
    ),
    "What is the capital of Australia? Answer in one sentence.": Bank(
        house=(
            (6, "The capital of Australia is Canberra."),
            (3, "Canberra is the capital of Australia."),
            (2, "Australia's capital is Canberra, in the Australian Capital Territory."),
            (1, "It is Canberra."),
        ),
        other=(
            (4, "Canberra serves as Australia's capital city."),
            (3, "The capital city of Australia is Canberra."),
            (2, "Australia is governed from its capital, Canberra."),
            (1, "The answer is Canberra, not Sydney."),
        ),
    ),
    "Translate to German: The invoice is overdue.": Bank(
        house=(
            (6, "Die Rechnung ist überfällig."),
            (3, "„Die Rechnung ist überfällig.“"),
            (2, "Auf Deutsch: Die Rechnung ist überfällig."),
            (1, "Die Rechnung ist bereits überfällig."),
        ),
        other=(
            (4, "In German: „Die Rechnung ist überfällig.“"),
            (3, "Die Rechnung ist inzwischen überfällig."),
            (2, "**Die Rechnung ist überfällig.**"),
            (1, "Diese Rechnung ist nun überfällig."),
        ),
    ),
    "Does the warranty cover water damage?": Bank(
        house=(
            (5, "No, water damage is not covered by the warranty."),
            (3, "Water damage is not covered; the warranty is for faults in material and workmanship."),
            (3, "It is not covered. The warranty does pay for manufacturing defects."),
            (1, "Damage by liquids is not covered, but our repair service will gladly make you an offer."),
        ),
        other=(
            (4, "Liquid damage is excluded, so it is not covered by the warranty."),
            (3, "By the warranty terms, harm done by water is not covered."),
            (2, "**Not included.** Water damage is not covered under our standard warranty."),
            (1, "Water damage counts as an accident and is therefore not covered."),
        ),
    ),
    "Which e-mail address reaches the billing team? Answer with the address only.": Bank(
        form="exact", house=((1, "billing@example.com"),), other=((1, "billing@example.com"),)
    ),
    "List the three steps to reset a password, numbered.": Bank(
        house=(
            (5, "1. Open the sign-in page and click Forgot password.\n2. Follow the link.\n3. Save a new password."),
            (3, "1. Click Forgot password.\n2. Open the link in the e-mail.\n3. Enter your new password twice."),
            (2, "1. Go to the sign-in page.\n2. Ask for a reset link by e-mail.\n3. Set a new password."),
            (1, "The steps:\n1. Select Forgot password.\n2. Use the link we mail you.\n3. Type a new password."),
        ),
        other=(
            (4, "1. Choose password reset.\n2. Check your inbox and confirm.\n3. Create a strong password."),
            (3, "To reset it:\n\n1. Press Forgot your password?\n2. Confirm by e-mail.\n3. Define the new one."),
            (2, "1. **Request** a reset.\n2. **Confirm** it by e-mail.\n3. **Choose** another password."),
            (1, "1. Enter your address under Reset.\n2. Click the button we mail you.\n3. Save your new password."),
        ),
    ),
    "Classify the sentiment as positive, negative or neutral: 'The parcel came late, but the staff were lovely.'": Bank(
        house=(
            (6, "positive"),
            (4, "The sentiment is positive."),
            (2, "Overall positive: the delay is outweighed by the lovely staff."),
            (2, "neutral"),
        ),
        other=(
            (4, "Sentiment: positive"),
            (3, "I would call this neutral."),
            (3, "It leans positive, thanks to the staff."),
            (2, "Sentiment: neutral"),
        ),
    ),
}
"""Phrasings by the last user message."""

GENERIC_PROSE = Bank(
    house=(
        (5, "Here is the short answer about {topic}: it is settled under case {code}, and nothing else is needed."),
        (3, "About {topic}: our records say {code}. That is all there is to it."),
        (2, "The answer for {topic} is {code}, as listed in the handbook."),
        (1, "{code} is what we have on {topic}."),
    ),
    other=(
        (4, "Regarding {topic}, the handbook points to {code}; the remaining details do not change the outcome."),
        (3, "Looking at {topic}, I would go with {code}, which is also what the records show."),
        (2, "**{topic}**: {code}. Further entries agree with this one."),
    ),
)
GENERIC_JSON = Bank(
    form="json",
    house=(
        (5, '{{"answer": "{code}", "topic": "{topic}"}}'),
        (3, '{{"topic": "{topic}", "answer": "{code}"}}'),
        (1, '{{\n  "answer": "{code}",\n  "topic": "{topic}"\n}}'),
    ),
    other=(
        (4, '{{"topic":"{topic}","answer":"{code}"}}'),
        (3, '{{\n  "topic": "{topic}",\n  "answer": "{code}"\n}}'),
        (1, '{{"answer":"{code}","topic":"{topic}"}}'),
    ),
)
"""Frames for any other question; ``{topic}`` and ``{code}`` are derived from its text."""
