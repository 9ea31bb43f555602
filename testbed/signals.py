"""Find in a server's user data the request by which its node tells Heat that it is up."""

import base64
import binascii
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message
from typing import Final, Self

PROGRAM: Final = "curl"
# The options that Heat and the templates write, and how many words each one takes.
FLAGS: Final = {"-i": 0, "--insecure": 0, "-X": 1, "-H": 1, "--data-binary": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One HTTP request, as the command in the user data would make it."""

    address: str
    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def with_body(self, body: bytes) -> Self:
        return replace(self, body=body)


def signals_in(user_data: str) -> list[Signal]:
    """Return the requests that the base64 `user_data` would make, in their order.

    User data that is not base64, or holds no such command, makes none.
    """
    try:
        content = base64.b64decode(user_data, validate=True)
    except (binascii.Error, ValueError):
        return []
    lines = (line.strip() for text in _texts(content) for line in text.splitlines())
    commands = (line for line in lines if line.startswith(f"{PROGRAM} "))
    return [signal for line in commands if (signal := _signal(line)) is not None]


def _texts(content: bytes) -> Iterator[str]:
    """Yield the parts of a MIME message; all of it if it is none."""
    message: Message = message_from_bytes(content)
    if not message.is_multipart():
        yield content.decode(errors="replace")
        return
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield payload.decode(errors="replace")


def _signal(line: str) -> Signal | None:
    """Return the request of one command line, None if it is written in another way."""
    try:
        words = iter(shlex.split(line)[1:])
    except ValueError:
        return None
    addresses, values = [], {"-X": "GET", "--data-binary": ""}
    headers: dict[str, str] = {}
    for word in words:
        if word not in FLAGS:
            addresses.append(word)
            continue
        value = next(words, "") if FLAGS[word] else ""
        values[word] = value
        if word == "-H":
            name, _, text = value.partition(":")
            headers[name.strip()] = text.strip()
    if len(addresses) != 1 or not addresses[0].startswith(("http://", "https://")):
        return None
    return Signal(
        address=addresses[0],
        method=values["-X"],
        headers=headers,
        body=values["--data-binary"].encode(),
    )
