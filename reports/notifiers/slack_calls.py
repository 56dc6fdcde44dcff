"""One call to Slack, its refusals as values. Feeds the Slack notifier.

Error codes: https://docs.slack.dev/reference/methods/chat.postMessage (Web API: HTTP 200 with ``ok: false``) and
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (webhooks: HTTP status and a bare code).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from probes.errors import DeliveryError
from reports.notifiers.replies import trouble

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from slack_sdk.webhook import WebhookClient

PERMANENT = frozenset(
    {
        "access_denied",
        "account_inactive",
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_arguments",
        "invalid_auth",
        "invalid_payload",
        "invalid_token",
        "is_archived",
        "missing_scope",
        "no_active_hooks",
        "no_permission",
        "no_service",
        "no_service_id",
        "no_team",
        "no_text",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "posting_to_general_channel_denied",
        "restricted_action",
        "restricted_action_read_only_channel",
        "team_access_not_granted",
        "team_disabled",
        "token_expired",
        "token_revoked",
        "user_not_found",
    }
)
"""Error codes that the same request will meet again tomorrow. What is not named here is tried again."""
_PERMANENT_STATUS = frozenset({301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410})
_BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Slack said no, or nothing came back."""

    error: DeliveryError
    code: str = ""
    """Slack's error code; empty where it gave none."""


def hook(client: WebhookClient, payload: Fields) -> Refusal | None:
    """Post to an incoming webhook; None where Slack took it."""
    reply = _caught(lambda: client.send_dict(payload))
    if isinstance(reply, DeliveryError):
        return Refusal(error=reply)
    if reply.status_code == 200:
        return None
    code = _code(reply.body)
    if code in _BLOCKS_REFUSED and "blocks" in payload:
        return hook(client, _without_blocks(payload))
    return Refusal(error=_error(code, reply.status_code, reply.headers), code=code)


def call(client: WebClient, method: str, fields: Fields) -> Mapping[str, Any] | Refusal:
    """Call a method of the Web API; its reply as Slack gave it."""
    outcome = _asked(lambda: client.api_call(method, json=fields))
    if isinstance(outcome, Refusal) and outcome.code in _BLOCKS_REFUSED and "blocks" in fields:
        return call(client, method, _without_blocks(fields))
    return outcome


def read(client: WebClient, method: str, fields: Mapping[str, str]) -> Mapping[str, Any] | Refusal:
    """Ask a method of the Web API that changes nothing; its reply as Slack gave it."""
    return _asked(lambda: client.api_call(method, params=dict(fields)))


def _asked(ask_slack: Callable[[], Any]) -> Mapping[str, Any] | Refusal:
    from slack_sdk.errors import SlackApiError

    def ask() -> Any:
        try:
            return ask_slack()
        except SlackApiError as error:
            return error.response

    reply = _caught(ask)
    if isinstance(reply, DeliveryError):
        return Refusal(error=reply)
    if reply.status_code == 200 and reply.get("ok"):
        found: Mapping[str, Any] = reply.data
        return found
    code = _code(reply.get("error", ""))
    return Refusal(error=_error(code, reply.status_code, reply.headers), code=code)


def _without_blocks(fields: Fields) -> Fields:
    """Slack refuses the layout: the plain line still arrives."""
    return {name: value for name, value in fields.items() if name != "blocks"}


def _caught(ask: Callable[[], Any]) -> Any:
    from slack_sdk.errors import SlackClientError

    try:
        return ask()
    except (OSError, HTTPException, ValueError, LookupError, SlackClientError) as error:
        # only the class name: messages of these exceptions may quote the address
        return DeliveryError(f"Slack could not be reached ({type(error).__name__})")


def _code(text: object) -> str:
    """Slack's error code, if it is one; anything else (a proxy's page) is nobody's business here."""
    code = str(text).strip()
    return code if re.fullmatch(r"[a-z_]{1,60}", code) else ""


def _error(code: str, status: int, headers: Mapping[str, str]) -> DeliveryError:
    permanent = code in PERMANENT or (not code and status in _PERMANENT_STATUS)
    return trouble("Slack", code or f"HTTP {status}", headers, permanent=permanent and status != 429)
