"""What embeddings endpoints reply, as our reader takes it: vectors, odd ones, errors; and what is asked of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks.vectors import cosine, direction
from probes.failure import FailureClass
from probes.protocols.openai_embeddings import OpenAIEmbeddings
from probes.script import first_question
from probes.suite import Endpoint, Probe
from runner.demo.vectors import DIMENSIONS, vector_of
from tests.contract.dialects.openai_embeddings import embeddings_body

DIALECT = OpenAIEmbeddings()


def endpoint(**fields: Any) -> Endpoint:
    plain = {"protocol": "openai-embeddings", "base_url": "http://127.0.0.1:9/v1", "model": "e"}
    return Endpoint.model_validate({**plain, **fields})


def read(tree: Any, status: int = 200) -> Any:
    return DIALECT.read_reply(endpoint(), status=status, headers={}, body=json.dumps(tree).encode())


@pytest.mark.parametrize(
    "vector", [[], None, "AAAAPw==", [True], ["0.1"], [None], [[0.1]], {"0": 0.1}, [10**400], [0.0] * 100_001]
)
def test_a_vector_that_is_none_is_a_failure_and_no_answer(vector: Any) -> None:
    reply = read(embeddings_body(vector))
    assert reply.answer is None
    assert reply.failure.kind is FailureClass.PROTOCOL


def test_numbers_that_json_does_not_have_are_a_failure() -> None:
    raw = json.dumps(embeddings_body([0.5])).replace("0.5", "NaN").encode()
    reply = DIALECT.read_reply(endpoint(), status=200, headers={}, body=raw)
    assert reply.failure is not None and reply.failure.kind is FailureClass.PROTOCOL


def test_usage_is_that_of_the_input_and_may_be_missing() -> None:
    told = read(embeddings_body()).usage
    assert (told.input_tokens, told.output_tokens) == (5, 0)
    silent = read(embeddings_body(usage=None)).usage
    assert (silent.input_tokens, silent.output_tokens) == (None, None)


def test_an_error_object_under_200_is_a_failure() -> None:
    assert read({"error": {"message": "overloaded", "code": "server_is_overloaded"}}).failure is not None


def test_the_request_holds_the_texts_and_asks_for_numbers_and_no_stream() -> None:
    probe = Probe.model_validate({"id": "p", "prompt": "Where?"})
    wire = DIALECT.build(endpoint(params={"dimensions": 64}, stream=True), first_question(probe))
    assert wire.body == {"model": "e", "input": "Where?", "encoding_format": "float", "dimensions": 64}
    assert (wire.url, wire.streamed) == ("http://127.0.0.1:9/v1/embeddings", False)


def test_what_is_no_text_is_refused_and_so_is_a_missing_model() -> None:
    probe = Probe.model_validate({"id": "p", "turns": [{"prompt": "One?"}, {"prompt": "Two?"}]})
    assert [refusal.key for refusal in DIALECT.refusals(endpoint(model=None), [probe])] == [("model",), ("turns",)]
    assert DIALECT.refusals(endpoint(), [Probe.model_validate({"id": "q", "prompt": "Where?"})]) == []


def test_texts_that_share_wording_are_near_in_the_fake_endpoints_space() -> None:
    one, alike, other = (
        tuple(vector_of(text)) for text in ("It takes 30 days.", "it takes  30 days!", "Canberra is a town.")
    )
    assert len(one) == DIMENSIONS
    assert cosine(one, direction(tuple(vector_of("It takes 30 days.")))) == pytest.approx(1.0)
    assert cosine(one, alike) > 0.8 > 0.3 > cosine(one, other)
    assert vector_of("a", "m-1") != vector_of("a", "m-2")
