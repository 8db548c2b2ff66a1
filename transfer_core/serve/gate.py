"""What every request passes first: its host, how many there are, how large it is, how slowly it comes."""

import asyncio
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transfer_core.serve.limits import Limits, Names, Refused
from transfer_core.words import plain, size


class Gate:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, limits: Limits, names: Names) -> None:
        self.app, self.limits, self.names = app, limits, names
        self._within = 0  # requests with a body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
            self._require_host(headers.get(b"host", ""))
            if scope["method"] != "POST":
                await self.app(scope, receive, send)
                return
            self._require_room(headers.get(b"content-length", "0"))
        except Refused as refused:
            await _answer(refused)(scope, receive, send)
            return
        self._within += 1
        try:
            await self.app(scope, _Counted(receive, self.limits), send)
        finally:
            self._within -= 1

    def _require_host(self, host: str) -> None:
        if not self.names.knows(host):
            name = plain(host)[:80]
            raise Refused(400, f"This server does not go by the name '{name}'. --allow-host gives it that name.")

    def _require_room(self, length: str) -> None:
        if self._within >= self.limits.requests:
            raise Refused(503, f"{self._within} requests are being answered already. Try again in a moment.")
        if length.isdecimal() and int(length) > self.limits.request_bytes:
            raise _too_large(self.limits)


class _Counted:
    """A request's body, up to a size and a moment."""

    def __init__(self, receive: Receive, limits: Limits) -> None:
        self._receive, self._limits = receive, limits
        self._until = asyncio.get_running_loop().time() + limits.seconds
        self._bytes, self._whole = 0, False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise Refused(408, f"The request had not arrived after {self._limits.seconds:g} s. Send less.") from error
        except asyncio.CancelledError as error:  # it has been waited for as long as an end waits
            raise Refused(503, "This server is ending.") from error
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._bytes > self._limits.request_bytes:
            raise _too_large(self._limits)
        return message


def _too_large(limits: Limits) -> Refused:
    return Refused(413, f"The request is larger than {size(limits.request_bytes)}. Send fewer or smaller images.")


def _answer(refused: Refused) -> JSONResponse:
    headers = {"Retry-After": "1"} if refused.status == 503 else None
    return JSONResponse({"detail": str(refused)}, refused.status, headers)


async def answer_refused(_: Any, refused: Exception) -> JSONResponse:
    """The handler of `Refused`."""
    assert isinstance(refused, Refused)
    return _answer(refused)
