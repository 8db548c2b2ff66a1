"""Real servers, as `streamlit run app.py` starts them: who is let in, what leaves the machine, how they end."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest
from filelock import FileLock
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.conftest import Server
from tests.walled import reached, walled

ROOT = Path(__file__).parents[2]


def get(server: Server, path: str = "/", **headers: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as asked:
        asked.request("GET", path, headers=headers)
        answer = asked.getresponse()
        return answer.status, answer.read().decode(errors="replace")


def drawn(server: Server, *, origin: str | None = None, cookie: str = "") -> str:
    """What the start page sends to a browser, until it is whole."""
    headers = {"Cookie": cookie} if cookie else {}
    address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    with connect(address, origin=origin, additional_headers=headers, subprotocols=["streamlit"], max_size=None) as page:
        page.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
        seen = ""
        while True:
            message = ForwardMsg.FromString(page.recv(timeout=30))
            if message.WhichOneof("type") == "script_finished":
                return seen
            seen += str(message)


def end(server: Server, number: signal.Signals) -> None:
    """In order, and soon."""
    begun = time.monotonic()
    server.process.send_signal(number)
    assert server.process.wait(timeout=20) == 0 and time.monotonic() - begun < 5, server.log.read_text()


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wall") / "wall"


@pytest.fixture(scope="module")
def server(wall: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    class Walled(Server):
        environment = walled(wall)
        options = ("--server.corsAllowedOrigins", "http://wiki.lab", "--server.allowedHosts", "graft.lab")

    running = Walled(tmp_path_factory.mktemp("entrance") / "workspace")
    yield running
    if running.process.poll() is None:
        running.stop()


def test_a_server_lets_in_by_its_own_names_and_from_its_own_pages_alone(server: Server) -> None:
    own = f"http://127.0.0.1:{server.port}"
    for path in ("/", "/_stcore/health", "/app/static/icon.svg"):
        assert get(server, path)[0] == get(server, path, Origin=own)[0] == get(server, path, Host="graft.lab")[0] == 200
        assert get(server, path, Host=f"localhost:{server.port}")[0] == 200
        status, text = get(server, path, Host="evil.com")
        assert status == 403 and "server.allowedHosts" in text
        assert get(server, path, Origin="http://evil.com")[0] == 403
    assert get(server, Host="graft.lab", Origin="https://graft.lab")[0] == 200, "by a proxy that ends TLS"
    assert "Graft" in drawn(server, origin=own)
    with pytest.raises(InvalidStatus):
        drawn(server, origin="http://evil.com")


def test_a_page_of_a_site_that_is_let_in_is_drawn(server: Server) -> None:
    assert "Graft" in drawn(server, origin="http://wiki.lab")


def test_nothing_leaves_the_machine_and_it_ends_in_order(server: Server, wall: Path) -> None:
    """After the pages above, foreign Origins among what asked for them: Streamlit would look up its address."""
    for origin in ("http://evil.com", "http://wiki.lab"):
        get(server, Origin=origin)
    lock = FileLock(server.workspace / "lock", timeout=0)
    end(server, signal.SIGTERM)
    with lock:
        assert (server.workspace / "graft.db").exists(), "a page was drawn, so the workspace was open"
    assert reached(wall) == []
    assert "for this machine alone" in server.log.read_text()


def test_a_connection_elsewhere_would_be_noted(tmp_path: Path) -> None:
    environment = {**os.environ, **walled(tmp_path / "wall")}
    tries = "import socket\ntry: socket.socket().connect(('192.0.2.1', 80))\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", tries], env=environment, check=True)
    assert "socket.connect 192.0.2.1" in reached(tmp_path / "wall")


@pytest.mark.parametrize("export", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_nothing_leaves_the_machine_while_a_model_is_trained(export: bool, tmp_path: Path, photos: Path) -> None:
    environment = {**os.environ, "GRAFT_WORKSPACE": str(tmp_path / "work"), **walled(tmp_path / "wall")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)  # Graft sets it itself

    def graft(*arguments: str) -> str:
        command = [sys.executable, "-m", "transfer_core", *arguments, "--json"]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    graft("import", str(photos), "--name", "photos")
    run = json.loads(graft("run", "photos", "--backbone", "bundled", "--px", "32", "--strategy", "linear_probe"))["run"]
    if export:
        graft("export", run, str(tmp_path / "model.zip"))
    assert reached(tmp_path / "wall") == []


def test_a_shared_server_asks_for_its_token_which_it_says_once(tmp_path: Path) -> None:
    class Shared(Server):
        environment: ClassVar = {"GRAFT_SHARE": "1", **walled(tmp_path / "wall")}
        options = ("--server.address", "0.0.0.0")

    server = Shared(tmp_path / "workspace")
    try:
        said = server.log.read_text()
        (token,) = re.findall(r"\?token=(\S+)", said)
        assert "every network" in said and "Nothing is encrypted" in said
        assert (server.workspace / "token").read_text().strip() == token
        cookie = f"graft_{server.port}={token}"
        for path in ("/", "/_stcore/health", "/media/none.png"):
            assert get(server, path)[0] == 401 and get(server, path, Cookie=cookie + "x")[0] == 401
        assert get(server, Cookie=cookie)[0] == 200 and get(server, "/media/none.png", Cookie=cookie)[0] == 404
        assert get(server, f"/?token={token}")[0] == 200
        assert "Graft" in drawn(server, origin=server.url, cookie=cookie)
        with pytest.raises(InvalidStatus):
            drawn(server, origin=server.url)
        with pytest.raises(InvalidStatus):
            drawn(server, origin="http://evil.com", cookie=cookie)
        end(server, signal.SIGHUP)
        server.start()
        assert server.log.read_text().count(token) == 1 and get(server, Cookie=cookie)[0] == 200
        end(server, signal.SIGINT)
    finally:
        server.process.kill()
        server.process.wait()
    assert reached(tmp_path / "wall") == []


def test_another_address_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    environment = {**os.environ, "GRAFT_WORKSPACE": str(tmp_path / "work"), **walled(tmp_path / "wall")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "0", "--server.address", "0.0.0.0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "every network" in done.stderr and "GRAFT_SHARE=1" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "work").exists() and reached(tmp_path / "wall") == []
