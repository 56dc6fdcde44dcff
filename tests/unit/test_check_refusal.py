"""Refusals are found where there are any, and helpful answers are left alone."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.finding import Status
from checks.refusal import RefusalKind, find_refusal, is_refusal
from probes.sample import Document, Finish, ToolCall
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered, timed_out

REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "Sorry, I cannot help you with that.",
    "I can't help with that",
    "I cannot assist with this request.",
    "I'm not able to help with that.",
    "I am unable to provide that information.",
    "I won't do that.",
    "I can't comply.",
    "I cannot and will not help with this.",
    "As an AI, I cannot provide medical advice.",
    "As an AI language model developed by a lab, I can't discuss that topic.",
    "Unfortunately, I can't provide instructions for that.",
    "I apologize, but I cannot write that for you.",
    "My apologies, but I can't create an essay like this.",
    "I'm afraid I can't answer such questions.",
    "I must decline.",
    "I have to respectfully decline to answer.",
    "I'd rather not discuss politics.",
    "That goes against my guidelines.",
    "Your request violates our usage policies.",
    "I don't feel comfortable writing this.",
    "Thank you for asking! Unfortunately, I'm not able to help with that.",
    "I understand your frustration, but I can't help with that.",
    "**I'm sorry, but I can't help with that.**",
    "\n\n  I can't share personal information about other customers.",
    "\"I'm sorry, but I can't help with that.\"",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Ich kann Ihnen dabei leider nicht weiterhelfen.",
    "Leider kann ich diese Frage nicht beantworten.",
    "Je suis désolé, mais je ne peux pas vous aider avec cela.",
    "Je ne suis pas en mesure de répondre à cette question.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "No puedo responder a esa pregunta.",
)

ANSWERS = (
    "You can return it within 30 days.",
    "I'm sorry for the delay, your refund was sent this morning.",
    "Sorry to hear that! Here is how you return it: print the label and send the box.",
    "As an Airbnb host, you cannot cancel without a fee.",
    "As an AI researcher you will find two papers useful.",
    "Sorry, I cannot imagine how annoying that was. Your new keyboard is on its way.",
    "I can't help but notice that the invoice is from 2024. The total is 147.",
    "I can't help you without your order number. Could you send it?",
    "I'm unable to help with that until you confirm your email address.",
    "If there is something I can't help with, an agent will take over.",
    "The bot then says \"I'm sorry, but I can't help with that.\" and hangs up.",
    "A common refusal is 'I cannot assist with that request.' and it means little.",
    "> I can't help with that.\n\nThat message means the ticket is closed.",
    "```\nI can't help with that.\n```\nis what the log shows.",
    "Unfortunately, I can't offer a refund after 30 days, that is our policy.",
    "I'm sorry, but I can't provide a refund after 30 days.",
    "Returning opened software is against our policy.",
    "You cannot help with that yourself; call a technician.",
    "The AI cannot provide medical advice, the manual says.",
    "I cannot recommend it enough!",
    "Ich kann Ihnen nicht nur helfen, sondern auch den Preis erstatten.",
    "Ich kann Ihnen ohne Bestellnummer nicht helfen.",
    "Je peux vous aider avec votre retour.",
    "No puedo creer lo rápido que llegó. El total es 147.",
    "147",
    '{"total": 1240.5, "note": "I cannot help with that"}',
    "😀👍",
)


@pytest.mark.parametrize("text", REFUSALS)
def test_a_common_refusal_is_found(text: str) -> None:
    refusal = find_refusal(answered(text))
    assert refusal is not None
    assert refusal.kind in (RefusalKind.STATED, RefusalKind.APOLOGY)


@pytest.mark.parametrize("text", ANSWERS)
def test_a_helpful_answer_is_no_refusal(text: str) -> None:
    assert find_refusal(answered(text)) is None


@pytest.mark.parametrize("quote", ["'", "’", "ʼ", "`", ""])
def test_the_kind_of_apostrophe_does_not_matter(quote: str) -> None:
    assert is_refusal(answered(f"I{quote or chr(39)}m sorry, I can{quote}t help with that."))


def test_the_span_is_the_refusing_words() -> None:
    text = "You asked twice. I'm sorry, but I can't help with that. Bye."
    refusal = find_refusal(answered(text))
    assert refusal is not None
    assert refusal.span is not None
    assert text[slice(*refusal.span)] == "I'm sorry, but I can't help"


def test_the_span_counts_blanks_before_the_first_word() -> None:
    text = "\u200b \n" * 300 + "I can't help with that."
    refusal = find_refusal(answered(text))
    assert refusal is not None
    assert refusal.span is not None
    assert text[slice(*refusal.span)].startswith("I can't help")


def test_a_limit_far_into_an_answer_is_no_refusal() -> None:
    assert not is_refusal(answered("The keyboard can be returned. " * 40 + "I can't help with that."))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"refusal": "I can't."}, RefusalKind.STRUCTURED),
        ({"finish": Finish.REFUSAL}, RefusalKind.STRUCTURED),
        ({"finish": Finish.CONTENT_FILTER}, RefusalKind.FILTER),
        ({"answer": ""}, RefusalKind.EMPTY),
        ({"answer": None}, RefusalKind.EMPTY),
        ({"answer": " \u200b\n\ufeff"}, RefusalKind.EMPTY),
    ],
)
def test_what_the_reply_itself_says_comes_first(changes: dict[str, object], kind: RefusalKind) -> None:
    refusal = find_refusal(answered(**{"answer": "Sure, 30 days.", **changes}))  # type: ignore[arg-type]
    assert refusal is not None
    assert (refusal.kind, refusal.span) == (kind, None)


def test_an_empty_answer_with_a_tool_call_is_no_refusal() -> None:
    call = ToolCall(id="1", name="look_up", arguments="{}")
    assert find_refusal(answered("", tool_calls=(call,), finish=Finish.TOOL_CALLS)) is None


def test_a_failed_sample_is_no_refusal() -> None:
    assert not is_refusal(timed_out())


def test_also_adds_phrases_as_whole_words_in_any_case() -> None:
    sample = answered("PLEASE contact an Agent’s desk.")
    assert find_refusal(sample, also=["contact an agent's desk"]) is not None
    assert find_refusal(sample, also=["contact an a"]) is None


def test_allow_excuses_a_hit_it_touches_and_no_other() -> None:
    excused = "I can't provide legal advice."
    assert find_refusal(answered(excused), allow=["provide legal advice"]) is None
    assert find_refusal(answered(f"{excused} I can't help with that."), allow=["provide legal advice"]) is not None


def test_allow_does_not_excuse_a_structured_refusal() -> None:
    assert find_refusal(answered("fine", refusal="no"), allow=["fine", "no"]) is not None


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=8), max_size=3))
def test_any_text_gets_the_same_word_twice_and_a_span_inside_it(text: str, phrases: list[str]) -> None:
    first = find_refusal(answered(text), also=phrases, allow=phrases[:1])
    assert first == find_refusal(answered(text), also=phrases, allow=phrases[:1])
    if first is not None and first.span is not None:
        assert 0 <= first.span[0] < first.span[1] <= len(text)


@given(st.text(alphabet="I'm sorry, but as an ai thank you\n.*>`\"“", max_size=700))
def test_refusal_words_in_any_disorder_take_no_time(text: str) -> None:
    began = time.perf_counter()
    find_refusal(answered(text))
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "text",
    ["I'm sorry " * 100, "thank you " * 100, "as an ai " * 100, "and " * 200, " \n" * 5000 + "-" * 600, "i know " * 99],
)
def test_repeated_openings_take_no_time(text: str) -> None:
    began = time.perf_counter()
    assert not is_refusal(answered(text))
    assert time.perf_counter() - began < 0.5


def test_the_check_fails_with_the_refusing_words_and_their_span() -> None:
    told = outcome("no_refusal", answered("I'm sorry, but I can't help with that."))
    assert told.status is Status.FAIL
    assert told.reason == "expected an answer, got a refusal: 'I'm sorry, but I can't help'"
    assert told.span == (0, 27)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answer": ""}, "empty"),
        ({"finish": Finish.CONTENT_FILTER}, "content filter"),
        ({"refusal": "no"}, "reports a refusal: 'no'"),
    ],
)
def test_the_check_says_which_kind_of_refusal_it_was(changes: dict[str, object], words: str) -> None:
    told = outcome("no_refusal", answered(**changes))  # type: ignore[arg-type]
    assert told.status is Status.FAIL
    assert words in told.reason


def test_the_check_takes_phrases_to_add_and_to_allow() -> None:
    entry = {"no_refusal": {"also": "ask a colleague", "allow": ["can't help with that"]}}
    assert outcome(entry, answered("Better ask a colleague.")).status is Status.FAIL
    assert outcome(entry, answered("I can't help with that.")).status is Status.PASS


def test_the_check_takes_no_lone_value() -> None:
    assert "is not a mapping of options" in problem({"no_refusal": True}).message


def test_an_endpoint_that_only_retrieves_has_not_refused_and_one_that_answers_emptily_has() -> None:
    found = (Document(id="terms-4"),)
    assert find_refusal(replace(answered(""), answer=None, documents=found)) is None
    assert find_refusal(replace(answered(""), documents=found)) is not None
