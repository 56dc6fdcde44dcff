"""The official google-genai package asks: generateContent and streamGenerateContent."""

from __future__ import annotations

from typing import Any

from google import genai
from google.genai import errors, types
from play import MOST_ROUNDS, Case, play, understood


def generate(root: str, case: Case) -> list[dict[str, Any]]:
    """Until no function is asked for any more."""
    asking = genai.Client(api_key=case.key, http_options=types.HttpOptions(base_url=root, timeout=10_000))
    said = [types.Content(role="user", parts=[types.Part(text=case.prompt)])]
    told = []
    for _ in range(MOST_ROUNDS):
        parts, last = _parts(asking, case, said)
        calls = [part.function_call for part in parts if part.function_call is not None]
        candidate, usage = (last.candidates or [None])[0], last.usage_metadata
        finish = candidate.finish_reason if candidate else last.prompt_feedback.block_reason
        told.append(
            understood(
                answer="".join(part.text or "" for part in parts if not part.thought),
                finish=finish.value,
                usage=(
                    (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
                    (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
                ),
                model=last.model_version,
                calls=[[call.name, call.args] for call in calls],
            )
        )
        if not calls:
            break
        said.append(types.Content(role="model", parts=parts))
        said.append(types.Content(role="user", parts=[_result(case, call) for call in calls]))
    return told


def _result(case: Case, call: Any) -> types.Part:
    return types.Part(
        function_response=types.FunctionResponse(
            id=call.id, name=call.name, response={"result": case.result_of(call.name)}
        )
    )


def _parts(asking: genai.Client, case: Case, said: list[types.Content]) -> tuple[list[types.Part], Any]:
    """The parts of the answer, and the reply or the last chunk."""
    declared = [
        types.FunctionDeclaration(
            name=tool["name"], description=tool["description"], parameters_json_schema=tool["parameters"]
        )
        for tool in case.tools
    ]
    config = types.GenerateContentConfig(
        max_output_tokens=case.limit, tools=[types.Tool(function_declarations=declared)] if declared else None
    )
    fields: dict[str, Any] = {"model": case.model, "contents": said, "config": config}
    asked = (
        asking.models.generate_content_stream(**fields) if case.stream else [asking.models.generate_content(**fields)]
    )
    parts: list[types.Part] = []
    last: Any = None
    for last in asked:
        if last.candidates and last.candidates[0].content:
            parts += last.candidates[0].content.parts or []
    return parts, last


if __name__ == "__main__":
    play({"gemini": generate}, errors=errors.APIError)
