"""An HTTP session whose requests end on time: requests' own read time-out starts anew with every byte."""

import time
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from monitoring.requests import ids


class DeadlineSession(requests.Session):
    """Raises requests.Timeout once ``total`` seconds have passed, however slowly the answer trickles in."""

    def __init__(self, *, connect: float, total: float) -> None:
        super().__init__()
        self._connect = connect
        self._total = total
        # The environment's proxies and netrc files have no say in where money goes.
        self.trust_env = False
        for prefix in ("https://", "http://"):
            self.mount(prefix, HTTPAdapter(pool_maxsize=32, max_retries=0))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        ends = time.monotonic() + self._total
        request.headers.update(ids.outgoing())
        kwargs |= {"timeout": (self._connect, self._total), "stream": True, "allow_redirects": False}
        response = super().send(request, **kwargs)
        response._content = self._read(response, ends)
        return response

    def _read(self, response: requests.Response, ends: float) -> bytes:
        """The body, piece by piece as the pieces arrive, so that the clock is looked at in between."""
        body = bytearray()
        try:
            while piece := response.raw.read1(65536, decode_content=True):
                body += piece
                if time.monotonic() > ends:
                    response.close()
                    raise requests.Timeout(f"no complete answer within {self._total} s")
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(error) from error
        response.raw.release_conn()
        return bytes(body)
