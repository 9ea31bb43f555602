"""Stand-in for etcd's public discovery, which Magnum asks: `/new?size=N` answers an address.

That address then answers the size, in the words of etcd's own API.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Final
from urllib.parse import parse_qs, urlparse

from testbed.ports import ADDRESS

SIZES: Final[dict[str, str]] = {}
NUMBERS: Final = count(1)


class Discovery(BaseHTTPRequestHandler):
    """Remembers the size of each cluster."""

    def do_GET(self) -> None:
        asked = urlparse(self.path)
        if asked.path == "/new":
            path = f"/{next(NUMBERS):032x}"
            SIZES[path] = parse_qs(asked.query).get("size", ["1"])[0]
            answer = f"http://{self.headers['Host']}{path}"
        else:
            size = SIZES.get(asked.path.removesuffix("/_config/size"), "1")
            answer = json.dumps({"action": "get", "node": {"key": asked.path, "value": size}})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.encode())


if __name__ == "__main__":
    ThreadingHTTPServer((ADDRESS, int(sys.argv[1])), Discovery).serve_forever()
