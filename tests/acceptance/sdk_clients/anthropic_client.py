"""The official anthropic package asks: messages, whole and streamed."""

from __future__ import annotations

from typing import Any

import anthropic
from play import MOST_ROUNDS, Case, play, understood


def messages(root: str, case: Case) -> list[dict[str, Any]]:
    """Until no tool is asked for any more."""
    asking = anthropic.Anthropic(base_url=root, api_key=case.key, max_retries=0, timeout=10)
    said: list[Any] = [{"role": "user", "content": case.prompt}]
    told = []
    for _ in range(MOST_ROUNDS):
        whole = _message(asking, case, said)
        calls = [block for block in whole.content if block.type == "tool_use"]
        usage = whole.usage
        cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
        told.append(
            understood(
                answer="".join(block.text for block in whole.content if block.type == "text"),
                finish=whole.stop_reason,
                usage=(usage.input_tokens + cached, usage.output_tokens),
                model=whole.model,
                calls=[[call.name, call.input] for call in calls],
            )
        )
        if not calls:
            break
        said.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in whole.content]})
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": case.result_of(call.name)} for call in calls
        ]
        said.append({"role": "user", "content": results})
    return told


def _message(asking: anthropic.Anthropic, case: Case, said: list[Any]) -> Any:
    fields: dict[str, Any] = {"model": case.model, "messages": said, "max_tokens": case.limit}
    if case.tools:
        fields["tools"] = [
            {"name": tool["name"], "description": tool["description"], "input_schema": tool["parameters"]}
            for tool in case.tools
        ]
    if not case.stream:
        return asking.messages.create(**fields)
    with asking.messages.stream(**fields) as stream:
        return stream.get_final_message()


if __name__ == "__main__":
    play({"anthropic-messages": messages}, errors=anthropic.APIError)
