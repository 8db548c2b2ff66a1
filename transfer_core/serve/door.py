"""What every request to the dashboard passes first, whatever it asks for: pages, media, uploads, the websocket."""

import hmac
import signal
from collections.abc import Iterable
from types import FrameType
from urllib.parse import parse_qsl, urlencode, urlsplit

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from transfer_core.presentation.theme import DARK, LIGHT
from transfer_core.serve.limits import Names, host_of, who
from transfer_core.words import safe

COOKIE_DAYS = 30
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
COLORS = "".join(f"--{name}:light-dark({light},{DARK.colors[name]});" for name, light in LIGHT.colors.items())
STYLE = (
    f":root{{{COLORS}color-scheme:light dark;background:var(--paper);color:var(--ink)}}"
    "body{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:12vh auto;padding:0 1.25rem}"
    "h1{font-size:1.5rem}a{color:var(--link)}pre code{display:block;padding:.6em .8em;white-space:pre-wrap}"
    "code{background:var(--panel);padding:.15em .4em;border-radius:.3rem;overflow-wrap:anywhere}"
    "form{display:flex;gap:.5rem;flex-wrap:wrap}input{flex:1 1 14rem;min-width:0;background:none;color:inherit}"
    "input,button{font:inherit;padding:.4em .8em;border:1px solid var(--line);border-radius:.5rem}"
    "button{background:var(--accent);color:#fff;border-color:transparent}"
)


class Door:
    """An ASGI application around the dashboard's own.

    It lets in who asks for a name of this server, over this machine's own address unless it is shared, and from a page
    of its own; where there is a `token`, who has it: in the address at first, in a cookie from then on.
    """

    def __init__(self, app: ASGIApp, names: Names, *, token: str = "", origins: Iterable[str] = ()) -> None:
        """`token`: '' where Graft is not shared. `origins`: of other sites whose pages may ask."""
        self.app, self.names, self.origins = app, names, frozenset(origins)
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            end_in_order()
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refused(scope, headers) or self._without_token(scope, headers)
        if refused is None:
            await self.app(_unasked(scope), receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # 1008: policy violation
        else:
            await refused(scope, receive, send)

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not self._token and not _is_this_machine(scope):
            return _page(403, "Graft is not shared", NOT_SHARED)
        if not self.names.knows(host):
            return _page(403, "Graft does not go by this name", _unknown_name(host))
        if not self._is_own(scope, headers, host):
            return _page(403, "Graft answers to its own pages alone", FOREIGN)
        return None

    def _is_own(self, scope: Scope, headers: Headers, host: str) -> bool:
        """Whether it comes from a page of this server, from the address bar, or from no browser."""
        origin = headers.get("origin")
        if origin is not None:
            return urlsplit(origin).netloc.lower() == host.lower() or origin in self.origins
        if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            return True
        # A link on another site may be followed, in a window of its own; its pages may not show what is Graft's.
        followed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest", "document")
        return scope["type"] == "http" and scope["method"] == "GET" and followed == "document"

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        """What somebody gets who has not shown the token before; None for all others."""
        if not self._token:
            return None
        name = f"graft_{(scope.get('server') or ('', 0))[1]}"  # a cookie is sent to every port of a host
        cookies = (each.strip().partition("=") for each in headers.get("cookie", "").split(";"))
        if any(self._fits(value) for key, _, value in cookies if key == name):
            return None
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for key, value in asked if key == "token"]
        if scope["type"] != "http" or not any(map(self._fits, given)):
            return _page(401, "Graft asks for its token", WRONG_TOKEN if given else ASKS_TOKEN)
        # No redirect: of somebody who came by a link on another site, the browser would not show the cookie after it.
        rest = urlencode([(key, value) for key, value in asked if key != "token"])
        entered = _page(200, "Graft", f'<p><a href="?{safe(rest)}">Go on</a></p>', goes_on=f"?{rest}")
        entered.set_cookie(
            name,
            self._token.decode(),
            max_age=COOKIE_DAYS * 86_400,
            httponly=True,
            samesite="strict",
            secure=scope.get("scheme") == "https",
        )
        return entered

    def _fits(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._token)


def _is_this_machine(scope: Scope) -> bool:
    """Whether a connection came to an address that this machine alone can reach."""
    address = str((scope.get("server") or ("",))[0]).removeprefix("::ffff:")
    return bool(address) and not who(address)


def _unasked(scope: Scope) -> Scope:
    """A websocket's without its Origin, which is known to be good here. Of one that is not its own, Streamlit would ask
    a server on the internet what the address of this machine is."""
    if scope["type"] != "websocket":
        return scope
    return {**scope, "headers": [(key, value) for key, value in scope["headers"] if key.lower() != b"origin"]}


def end_in_order() -> None:
    """A signal ends the server and then, as any end does, what was registered for it: runs are kept, workers ended.

    uvicorn would raise the signal once more, of which Python dies before that.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if not isinstance(server, uvicorn.Server):
        return

    def end(number: int, _: FrameType | None) -> None:
        server.force_exit = server.should_exit and number == signal.SIGINT  # a second Ctrl-C does not wait
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def _page(status: int, title: str, body: str, *, goes_on: str = "") -> Response:
    refresh = f'<meta http-equiv="refresh" content="0; url={safe(goes_on)}">' if goes_on else ""
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"{refresh}<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>",
        status,
        HEADERS,
    )


def _unknown_name(host: str) -> str:
    name = safe(host_of(host)[:80]) or "NAME"
    return (
        f"<p>You came by the name <code>{name}</code>. Graft answers to 127.0.0.1 and localhost alone, so that no page"
        " elsewhere reaches it under a name of its own.</p>"
        "<p>If that name is yours, as behind a proxy, the setting <code>server.allowedHosts</code> allows it."
        " Start Graft with one of these:</p>"
        f"<pre><code>STREAMLIT_SERVER_ALLOWED_HOSTS={name} make app</code></pre>"
        f"<pre><code>streamlit run app.py --server.allowedHosts {name}</code></pre>"
    )


NOT_SHARED = (
    "<p>It has no sign-in, so it answers on this machine's own address alone. <code>GRAFT_SHARE=1</code> beside"
    " <code>--server.address</code> shares it: who comes then needs a token, which Graft prints when it starts.</p>"
)
FOREIGN = (
    "<p>A page of another site asked for this, so it is not answered. To open Graft, put its address into the"
    " browser's address bar.</p>"
)
FORM = (
    '<form><input name="token" type="password" aria-label="Token" placeholder="Token" required autofocus>'
    "<button>Go on</button></form>"
)
ASKS_TOKEN = (
    "<p>This Graft is shared with those who have its token. Whoever started it can read it in the file"
    " <code>token</code> of its workspace, or has sent you an address that ends with it.</p>"
    f'{FORM}<p>Been here before? <a href="">Go on without</a></p>'
)
WRONG_TOKEN = (
    "<p>That is not its token, or not any more. Whoever started this Graft can read it in the file"
    f" <code>token</code> of its workspace.</p>{FORM}"
)
