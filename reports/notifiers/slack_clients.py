"""slack-sdk's two clients, made to follow no redirect and to read replies to a limit. Feeds the Slack notifier.

urllib follows a redirect with every header, the bot's token among them, turns a POST into a GET on the way, and the
200 of a page that took nothing would count as delivered. So what sends is replaced in both clients, nothing else.
"""

from __future__ import annotations

from typing import Any
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

MOST_BYTES = 16 * 1024 * 1024
"""Of a reply; the longest wanted one is a channel's newest messages."""


class DirectWebClient(WebClient):
    """The Web API."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        with _sent(req, self.proxy, self.timeout) as reply:
            return {"status": reply.status, "headers": reply.headers, "body": _text(reply)}


class DirectWebhookClient(WebhookClient):
    """Incoming webhooks."""

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        with _sent(req, self.proxy, self.timeout) as reply:
            return WebhookResponse(url=url, status_code=reply.status, body=_text(reply), headers=reply.headers)


class _Unredirected(HTTPRedirectHandler):
    """Leaves a redirect as it is, which urllib then raises as an ``HTTPError`` of its status."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _sent(request: Request, proxy: str | None, timeout_s: float) -> Any:
    through = ProxyHandler({"http": proxy, "https": proxy}) if proxy else ProxyHandler()
    return build_opener(_Unredirected(), through).open(request, timeout=timeout_s)


def _text(reply: Any) -> str:
    # what is no text raises, so that it is not taken for a yes
    return str(reply.read(MOST_BYTES).decode(reply.headers.get_content_charset() or "utf-8"))
