"""HTTP without a network: what the SDK sends is kept and answered in this process."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request; `path` begins with the name of the service."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.method} {self.path}{'?' if query else ''}{query}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service says; a body that is no text goes out as JSON."""

    status: int
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Sent], Answer]


@dataclass(slots=True)
class Rule:
    """Answers, or fails, requests like `METHOD /service/path` by a pattern, so many times."""

    pattern: re.Pattern[str]
    outcome: Answer | Exception | Handler
    left: float


class FakeTransport(BaseAdapter):
    """Hands each request to `handler`, unless a rule comes before it.

    Attributes:
        sent: all requests in their order.
        timeouts: the time-out that each was sent with [s].
    """

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.timeouts: list[object] = []
        self._handler = handler
        self._rules: list[Rule] = []

    def when(
        self, pattern: str, outcome: Answer | Exception | Handler, times: float = float("inf")
    ) -> None:
        """Let requests that `pattern` matches from their start end in `outcome`."""
        self._rules.append(Rule(re.compile(pattern), outcome, times))

    def calls(self, pattern: str) -> list[Sent]:
        """Return the requests that `pattern` matches from their start."""
        return [one for one in self.sent if re.match(pattern, str(one))]

    def only(self, pattern: str) -> Sent:
        """Return the one request that `pattern` matches from its start."""
        (one,) = self.calls(pattern)
        return one

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - as requests calls it
        timeout: object = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: object = None,
        proxies: object = None,
    ) -> requests.Response:
        """Answer one request."""
        sent = _sent(request)
        self.sent.append(sent)
        self.timeouts.append(timeout)
        answer = self._outcome(sent)
        if isinstance(answer, Exception):
            raise answer
        return _response(request, answer)

    def close(self) -> None:
        """Keep nothing open: there is no socket."""

    def _outcome(self, sent: Sent) -> Answer | Exception:
        for rule in self._rules:
            if rule.left > 0 and rule.pattern.match(str(sent)):
                rule.left -= 1
                return rule.outcome(sent) if callable(rule.outcome) else rule.outcome
        return self._handler(sent)


def _sent(request: requests.PreparedRequest) -> Sent:
    split = urlsplit(request.url or "")
    body = request.body
    assert body is None or isinstance(body, str | bytes), "the SDK sends no streams here"
    return Sent(
        method=request.method or "",
        path=split.path,
        query=dict(parse_qsl(split.query, keep_blank_values=True)),
        body=json.loads(body) if body else None,
        headers={name: str(text) for name, text in request.headers.items()},
    )


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    is_text = isinstance(answer.body, str)
    response = requests.Response()
    response.status_code = answer.status
    response.reason = responses.get(answer.status, "")
    response.headers = CaseInsensitiveDict({**({} if is_text else JSON), **answer.headers})
    response._content = (answer.body if is_text else json.dumps(answer.body)).encode()
    response.url = request.url or ""
    response.request = request
    response.encoding = "utf-8"
    return response
