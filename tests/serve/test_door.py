"""What the dashboard's door lets in: by name, by address, by the page that asks, by token."""

import asyncio
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from transfer_core.serve.door import Door
from transfer_core.serve.limits import Names

OWN = ("127.0.0.1", 8501)
LAN = ("192.168.1.5", 8501)
TOKEN = "abcdefghijklmnopqrstuvwxyz"
PATHS = ("/", "/train", "/media/1a2b.png", "/_stcore/health", "/_stcore/upload_file/a/b", "/app/static/icon.svg")
FETCHED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
FOLLOWED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """The dashboard, as far as a door sees it: says which Origin it was shown."""
    if scope["type"] == "websocket":
        origins = [value.decode() for key, value in scope["headers"] if key == b"origin"]
        await send({"type": "websocket.accept", "headers": [(b"x-origins", " ".join(origins).encode())]})
    else:
        await PlainTextResponse("inside")(scope, receive, send)


def asked(
    door: Door,
    path: str = "/",
    *,
    at: tuple[str, int] | None = OWN,
    query: str = "",
    kind: str = "http",
    scheme: str = "http",
    **headers: str,
) -> tuple[int | str, str, str]:
    """(status, text, the cookie that was set) of a request; of a websocket (its first message, "", "")."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    named = {"host": "127.0.0.1:8501", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope: dict[str, Any] = {
        "type": kind,
        "method": "GET",
        "scheme": scheme,
        "path": path,
        "query_string": query.encode(),
        "server": at,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
    }
    asyncio.run(door(scope, receive, send))
    if kind == "websocket":
        return sent[0]["type"], "", ""
    text = b"".join(message.get("body", b"") for message in sent).decode()
    return sent[0]["status"], text, dict(sent[0]["headers"]).get(b"set-cookie", b"").decode()


@pytest.fixture
def door() -> Door:
    return Door(inside, Names.of("127.0.0.1", ["graft.lab", "*.example.org"]), origins=["https://wiki.lab"])


@pytest.fixture
def shared() -> Door:
    return Door(inside, Names.of("0.0.0.0"), token=TOKEN)


@pytest.mark.parametrize("path", PATHS)
def test_a_name_that_is_not_this_servers_gets_a_page_that_says_which_setting_allows_it(door: Door, path: str) -> None:
    for host in ("127.0.0.1:8501", "localhost:8501", "[::1]:8501", "LOCALHOST", "graft.lab", "a.example.org:443"):
        assert asked(door, path, host=host)[:2] == (200, "inside"), host
        assert asked(door, path, host=host, kind="websocket")[0] == "websocket.accept"
    for host in ("evil.com:8501", "127.0.0.1.evil.com", "example.org", "graft.lab.evil.com", "192.168.1.5:8501", ""):
        status, text, _ = asked(door, path, host=host)
        assert status == 403 and "server.allowedHosts" in text and "inside" not in text, host
        assert asked(door, path, host=host, kind="websocket")[0] == "websocket.close"
    assert "STREAMLIT_SERVER_ALLOWED_HOSTS=evil.com make app" in asked(door, host="evil.com:8501")[1]
    assert "<b>" not in asked(door, host="<b>evil</b>")[1]


@pytest.mark.parametrize("path", PATHS)
def test_what_a_page_of_another_site_asks_for_is_not_answered(door: Door, path: str) -> None:
    host = "127.0.0.1:8501"
    for origin in (f"http://{host}", "https://wiki.lab"):
        assert asked(door, path, host=host, origin=origin)[0] == 200
        assert asked(door, path, host=host, origin=origin, kind="websocket")[0] == "websocket.accept"
    for origin in ("http://evil.com", "null", "http://127.0.0.1:8888", "http://127.0.0.1:8501.evil.com", ""):
        assert asked(door, path, host=host, origin=origin)[0] == 403, origin
        assert asked(door, path, host=host, origin=origin, kind="websocket")[0] == "websocket.close"
    assert asked(door, path, **FETCHED)[0] == 403
    assert asked(door, path, **{**FETCHED, "sec-fetch-site": "same-site"})[0] == 403, "another port of this machine"
    assert asked(door, path, **{**FOLLOWED, "sec-fetch-dest": "iframe"})[0] == 403
    assert asked(door, path, **FOLLOWED)[0] == 200, "a link that somebody followed"
    assert asked(door, path, **{**FETCHED, "sec-fetch-site": "same-origin"})[0] == 200


def test_streamlit_sees_no_origin_of_which_it_would_ask_the_internet(door: Door) -> None:
    seen: list[Message] = []

    async def nothing() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        seen.append(message)

    headers = [(b"host", b"127.0.0.1:8501"), (b"Origin", b"https://wiki.lab"), (b"cookie", b"a=1")]
    scope = {"type": "websocket", "path": "/", "query_string": b"", "server": OWN, "headers": headers}
    asyncio.run(door(scope, nothing, send))
    assert seen[0]["type"] == "websocket.accept" and dict(seen[0]["headers"])[b"x-origins"] == b""


def test_unless_it_is_shared_another_address_than_this_machines_own_is_not_answered(door: Door) -> None:
    for at in (LAN, ("::", 8501), ("2001:db8::1", 8501), None):
        status, text, _ = asked(door, at=at)
        assert status == 403 and "GRAFT_SHARE=1" in text, at
        assert asked(door, at=at, kind="websocket")[0] == "websocket.close"
    for at in (("::1", 8501), ("::ffff:127.0.0.1", 8501), ("127.0.0.2", 8501)):
        assert asked(door, at=at)[0] == 200, at


@pytest.mark.parametrize("path", PATHS)
def test_a_shared_one_asks_everybody_for_its_token(shared: Door, path: str) -> None:
    host = "192.168.1.5:8501"
    good = f"theme=dark; graft_8501={TOKEN}"
    for cookie in ("", "graft_8501=", f"graft_8502={TOKEN}", f"graft_8501={TOKEN[:-1]}", "graft_8501=\xff; ;=;=x"):
        assert asked(shared, path, at=LAN, host=host, cookie=cookie)[0] == 401, cookie
        assert asked(shared, path, at=LAN, host=host, cookie=cookie, kind="websocket")[0] == "websocket.close"
    assert asked(shared, path, at=LAN, host=host, cookie=good)[:2] == (200, "inside")
    assert asked(shared, path, at=LAN, host=host, cookie=good, kind="websocket")[0] == "websocket.accept"
    assert asked(shared, path, at=LAN, host="evil.com", cookie=good)[0] == 403
    assert asked(shared, path, at=LAN, host=host, cookie=good, origin="http://evil.com")[0] == 403
    assert asked(shared, path, at=OWN, cookie="")[0] == 401, "on this machine too"
    query = f"token={TOKEN}"
    assert asked(shared, path, at=LAN, host=host, query=query, kind="websocket")[0] == "websocket.close"


def test_the_token_in_the_address_becomes_a_cookie_and_leaves_the_address(shared: Door) -> None:
    status, text, cookie = asked(shared, "/train", query=f"dataset=a%22%3E&token={TOKEN}&runs=1")
    assert status == 200 and "inside" not in text and 'url=?dataset=a%22%3E&amp;runs=1"' in text and TOKEN not in text
    kept = {part.partition("=")[0].lower(): part.partition("=")[2] for part in cookie.split("; ")}
    assert kept["graft_8501"] == TOKEN and kept["samesite"] == "strict" and "httponly" in kept and "secure" not in kept
    assert "; Secure" in asked(shared, query=f"token={TOKEN}", scheme="https")[2]
    for query in ("token=", "token=%FF", f"token={TOKEN}x", f"tokens={TOKEN}"):
        status, text, cookie = asked(shared, query=query)
        assert status == 401 and not cookie and "<form>" in text
    assert "That is not its token" in asked(shared, query="token=guessed")[1]
