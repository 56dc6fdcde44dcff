"""The official openai package asks: chat completions, responses, and Azure's deployments."""

from __future__ import annotations

import json
from typing import Any

import openai
from openai.lib.streaming.chat import ChatCompletionStreamState
from play import MOST_ROUNDS, Case, play, understood


def client(root: str, case: Case) -> openai.OpenAI:
    """Without retries: each request is one observation."""
    return openai.OpenAI(base_url=f"{root}/v1", api_key=case.key, max_retries=0, timeout=10)


def azure(root: str, case: Case) -> list[dict[str, Any]]:
    """The deployment stands where the model's name does."""
    asking = openai.AzureOpenAI(
        azure_endpoint=root, api_key=case.key, api_version="2024-10-21", max_retries=0, timeout=10
    )
    return chat_with(asking, case)


def chat(root: str, case: Case) -> list[dict[str, Any]]:
    """Until no tool is asked for any more."""
    return chat_with(client(root, case), case)


def chat_with(asking: openai.OpenAI, case: Case) -> list[dict[str, Any]]:
    messages: list[Any] = [{"role": "user", "content": case.prompt}]
    told = []
    for _ in range(MOST_ROUNDS):
        whole = _chat_reply(asking, case, messages)
        choice, usage = whole.choices[0], whole.usage
        calls = choice.message.tool_calls or []
        told.append(
            understood(
                answer=choice.message.content or "",
                refusal=choice.message.refusal,
                finish=choice.finish_reason,
                usage=(usage.prompt_tokens, usage.completion_tokens) if usage else (None, None),
                model=whole.model,
                calls=[[call.function.name, json.loads(call.function.arguments)] for call in calls],
            )
        )
        if not calls:
            break
        messages.append({"role": "assistant", "tool_calls": [_repeated(call) for call in calls]})
        for call in calls:
            result = case.result_of(call.function.name)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return told


def _repeated(call: Any) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _chat_reply(asking: openai.OpenAI, case: Case, messages: list[Any]) -> Any:
    fields: dict[str, Any] = {"model": case.model, "messages": messages, "max_tokens": case.limit}
    if case.tools:
        kept = ("name", "description", "parameters")
        fields["tools"] = [{"type": "function", "function": {key: tool[key] for key in kept}} for tool in case.tools]
    if not case.stream:
        return asking.chat.completions.create(**fields)
    pieces = asking.chat.completions.create(**fields, stream=True, stream_options={"include_usage": True})
    state, model = ChatCompletionStreamState(), ""
    for piece in pieces:
        state.handle_chunk(piece)
        model = piece.model or model
    whole = state.current_completion_snapshot
    # the SDK keeps the first chunk's model, which Azure leaves empty
    return whole.model_copy(update={"model": model})


def embeddings(root: str, case: Case) -> list[dict[str, Any]]:
    """As the SDK asks by itself, which is base64, and as numbers: both must be the same vector."""
    asking = client(root, case)
    by_itself = asking.embeddings.create(model=case.model, input=case.prompt)
    whole = asking.embeddings.create(model=case.model, input=case.prompt, encoding_format="float")
    same = all(abs(a - b) < 1e-6 for a, b in zip(by_itself.data[0].embedding, whole.data[0].embedding, strict=True))
    answer = json.dumps(whole.data[0].embedding if same else None, separators=(",", ":"))
    usage = (whole.usage.prompt_tokens, whole.usage.total_tokens - whole.usage.prompt_tokens)
    return [understood(answer=answer, finish=None, usage=usage, model=whole.model)]


def responses(root: str, case: Case) -> list[dict[str, Any]]:
    """The whole conversation goes along each time: nothing is stored."""
    asking = client(root, case)
    items: list[Any] = [{"role": "user", "content": case.prompt}]
    told = []
    for _ in range(MOST_ROUNDS):
        whole = _response(asking, case, items)
        calls = [item for item in whole.output if item.type == "function_call"]
        cut = whole.incomplete_details
        told.append(
            understood(
                answer=whole.output_text,
                refusal=_refusal(whole),
                finish=cut.reason if cut else whole.status,
                usage=(whole.usage.input_tokens, whole.usage.output_tokens),
                model=whole.model,
                calls=[[call.name, json.loads(call.arguments)] for call in calls],
            )
        )
        if not calls:
            break
        items += [item.model_dump(exclude_none=True) for item in whole.output]
        for call in calls:
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": case.result_of(call.name)})
    return told


def _refusal(whole: Any) -> str | None:
    parts = [part for item in whole.output if item.type == "message" for part in item.content]
    return "".join(part.refusal for part in parts if part.type == "refusal") or None


def _response(asking: openai.OpenAI, case: Case, items: list[Any]) -> Any:
    fields: dict[str, Any] = {"model": case.model, "input": items, "max_output_tokens": case.limit}
    if case.tools:
        kept = ("name", "description", "parameters")
        fields["tools"] = [
            {"type": "function", "strict": False, **{key: tool[key] for key in kept}} for tool in case.tools
        ]
    if not case.stream:
        return asking.responses.create(**fields)
    with asking.responses.stream(**fields) as stream:
        ended = None
        for event in stream:
            if event.type == "response.failed":
                raise openai.APIError(event.response.error.message, request=None, body=None)  # type: ignore[arg-type]
            if event.type in ("response.completed", "response.incomplete"):
                ended = event.response
        if ended is None:
            raise openai.APIError("no end", request=None, body=None)  # type: ignore[arg-type]
        return ended


if __name__ == "__main__":
    dialects = {"openai-chat": chat, "azure-openai": azure, "openai-responses": responses}
    play({**dialects, "openai-embeddings": embeddings}, errors=openai.APIError)
