"""Text without what nobody may read in it."""

import re
from typing import Final

USERINFO: Final = re.compile(r"(?i)((?<=http://)|(?<=https://))[^\s\"'<>]*@")
"""Whatever stands before the host of an address, a password with a slash in it, too."""

NAME: Final = r"\b(?:[a-z]+[_-])*(?:password|passwd|passcode|secret|token)"
GIVEN: Final = re.compile(rf"({NAME}=)[^\s&,;)\"']+", re.IGNORECASE)
"""As in the query of an address, or in a call."""

QUOTED: Final = re.compile(rf"({NAME}[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
"""As in JSON, or in a call."""


def without_secrets(text: str) -> str:
    """Return `text` without users and passwords in addresses, and values of secrets by name."""
    for pattern in (GIVEN, QUOTED):
        text = pattern.sub(r"\1***", text)
    return USERINFO.sub("", text)
