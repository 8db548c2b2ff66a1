"""A bundle over HTTP: the run's own answers, limits that hold, and nothing left when it ends."""

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="what requirements-serve.txt lists is not installed")

from tests.driving import drive
from transfer_core import load
from transfer_core.cli import main
from transfer_core.serve.limits import Names, reach
from transfer_core.workspace import Workspace

MOST_REQUESTS = 6


@dataclass(frozen=True, kw_only=True)
class Server:
    """`graft serve` in a process of its own."""

    process: "subprocess.Popen[str]"
    port: int
    said: list[str]  # on standard error
    bundle: Path
    scratch: Path  # where it puts what it needs for a while

    def ask(self, method: str = "GET", path: str = "/", body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """(status, JSON or text)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            text = answer.read().decode()
        return answer.status, json.loads(text) if "json" in answer.headers["content-type"] else text

    def predict(self, *images: tuple[str, bytes]) -> tuple[int, Any]:
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="images"; filename="{name}"\r\n\r\n'.encode()
            + data
            + b"\r\n"
            for name, data in images
        ]
        body = b"".join([*parts, f"--{mark}--\r\n".encode()])
        return self.ask("POST", "/predict", body, Content_Type=f"multipart/form-data; boundary={mark}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, photos: Path, small_networks: None) -> Iterator[Server]:
    """Of a run that has no bundle yet, named by the beginning of its id."""
    root, scratch = tmp_path_factory.mktemp("served") / "workspace", tmp_path_factory.mktemp("scratch")
    with Workspace(root) as workspace:
        dataset = workspace.datasets.get(
            drive(workspace, workspace.datasets.import_path(photos, name="<colours>")).result["id"]
        )
        (run,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled")])
        drive(workspace, run)
        assert workspace.exports.bundle(run) is None
    options = ("--port", "0", "--most-mb", "1", "--most-requests", str(MOST_REQUESTS), "--json")
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    process = subprocess.Popen(
        [sys.executable, "-m", "transfer_core", "serve", run[:6], *options, "--workspace", str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "TMPDIR": str(scratch)},
    )
    said: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if "answers on" in line:
            break
    assert said and "answers on" in said[-1], said
    threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True).start()
    port = int(said[-1].partition("http://127.0.0.1:")[2].partition(":")[0])
    yield Server(process=process, port=port, said=said, bundle=root / "runs" / run / "bundle.zip", scratch=scratch)
    if process.poll() is None:
        process.kill()
    process.communicate()


def photo(photos: Path, name: str) -> tuple[str, bytes]:
    return name, (photos / name).read_bytes()


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def test_its_answers_are_the_bundles(server: Server, photos: Path) -> None:
    names = [f"{colour}/{number}.png" for colour in ("red", "green", "blue") for number in range(8)]
    files = [photo(photos, name) for name in names]
    model = load(server.bundle)
    expected = model.predict([data for _, data in files])
    status, said = server.predict(*files)
    assert status == 200 and [each["image"] for each in said["images"]] == names
    with ThreadPoolExecutor(4) as several:  # batched with each other's
        alone = list(several.map(lambda file: server.ask("POST", "/predict", file[1], Content_Type="image/png"), files))
    for each, (code, one), answer, row in zip(said["images"], alone, expected, expected.probabilities, strict=True):
        assert code == 200 and each["class"] == one["images"][0]["class"] == answer.label
        for found in (each, one["images"][0]):
            assert np.abs([found["probabilities"][name] for name in model.classes] - row).max() < 1e-5
        assert each["sure"] == answer.sure and each["error"] is None


def test_an_image_that_cannot_be_read_costs_itself_alone(server: Server, photos: Path) -> None:
    status, said = server.predict(photo(photos, "red/0.png"), ("notes.txt", b"no image"), photo(photos, "blue/1.png"))
    assert status == 200 and [each["class"] for each in said["images"]] == ["red", None, "blue"]
    assert "not an image" in said["images"][1]["error"]
    status, said = server.predict(("notes.txt", b"no image"))
    assert status == 422 and said["detail"].startswith("notes.txt: The file is not an image")
    status, said = server.ask("POST", "/predict", encoded(Image.new("1", (10_000, 10_000))))
    assert status == 422 and "at most 80 million" in said["detail"], "pixels have a limit, however small the file"
    status, said = server.ask("POST", "/predict", b"")
    assert status == 400 and "no image in this request" in said["detail"]
    status, said = server.ask("POST", "/predict", b"--x", Content_Type="multipart/form-data; boundary=y")
    assert status == 400 and said["detail"]


def test_too_much_is_refused(server: Server, photos: Path) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.putrequest("POST", "/predict")
        connection.putheader("Content-Length", str(2 << 20))
        connection.endheaders()  # it is refused before anything is sent
        assert connection.getresponse().status == 413
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.putrequest("POST", "/predict")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        chunk = b"%x\r\n" % (700 << 10) + bytes(700 << 10) + b"\r\n"
        connection.send(chunk + chunk)
        answer = connection.getresponse()
        assert answer.status == 413 and "1.0\u202fMB" in json.loads(answer.read())["detail"]

    held = []
    for _ in range(MOST_REQUESTS):  # that say they send something, and do not
        waiting = socket.create_connection(("127.0.0.1", server.port))
        waiting.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        held.append(waiting)
    try:
        until = time.monotonic() + 20
        while (found := server.predict(photo(photos, "red/0.png")))[0] != 503:
            assert time.monotonic() < until, found
        assert "Try again in a moment" in found[1]["detail"]
        assert server.ask(path="/health") == (200, {"status": "ok"})
    finally:
        for waiting in held:
            waiting.close()
    until = time.monotonic() + 20
    while server.predict(photo(photos, "red/0.png"))[0] != 200:
        assert time.monotonic() < until, "those who went make room"


def test_another_host_is_refused(server: Server) -> None:
    for host in ("localhost", f"127.0.0.1:{server.port}", f"[::1]:{server.port}", "LOCALHOST."):
        assert server.ask(path="/health", Host=host)[0] == 200, host
    for host in ("evil.example", f"evil.example:{server.port}", "localhost.evil.example", "192.0.2.1", ""):
        status, said = server.ask(path="/health", Host=host)
        assert status == 400 and "does not go by the name" in said["detail"], host
    everywhere = Names.of("0.0.0.0", ["Photos.Example"])
    assert everywhere.knows("192.0.2.1:8000") and everywhere.knows("[2001:db8::1]:80")
    assert everywhere.knows("photos.example") and not everywhere.knows("evil.example")
    assert reach("127.0.0.1") == reach("localhost") == reach("::1") == ""
    assert "every network" in reach("0.0.0.0") and "192.0.2.7" in reach("192.0.2.7")


def test_it_says_what_it_is(server: Server) -> None:
    status, card = server.ask()
    assert status == 200 and card["classes"] == ["blue", "green", "red"] and card["metrics"]["accuracy"]["value"] > 0.5
    status, html = server.ask(Accept="text/html,*/*")
    assert status == 200 and "&lt;colours&gt;" in html and "<colours>" not in html and "95 % interval" in html
    status, described = server.ask(path="/openapi.json")
    body = described["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert status == 200 and {"multipart/form-data", "image/*"} == set(body)
    assert server.ask(path="/docs")[0] == 404, "a page that would load programs from elsewhere"


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to find processes in")
def test_it_outlives_its_decoders_and_leaves_none(server: Server, photos: Path) -> None:
    decoders = children(server.process.pid)
    assert decoders
    for pid in decoders:
        os.kill(pid, signal.SIGKILL)
    for _ in range(2 * len(decoders)):
        server.predict(photo(photos, "red/0.png"))
    status, said = server.predict(photo(photos, "red/0.png"), photo(photos, "blue/0.png"))
    assert status == 200 and [each["class"] for each in said["images"]] == ["red", "blue"]
    decoders = children(server.process.pid)
    assert any(server.scratch.iterdir())
    with closing(socket.create_connection(("127.0.0.1", server.port))) as garbage:
        garbage.sendall(b"no request\r\n\r\n")
        assert b" 400 " in garbage.recv(1 << 10)
    server.process.send_signal(signal.SIGINT)
    assert server.process.stdout is not None
    ended = json.loads(server.process.stdout.read())
    assert server.process.wait(20) == 0 and ended["images"] > 40 and ended["address"].endswith(str(server.port))
    assert not any(Path(f"/proc/{pid}").exists() for pid in decoders)
    assert not any(server.scratch.iterdir()), "nor any file, onnxruntime's for its reports neither"
    after = server.said[next(n for n, line in enumerate(server.said) if "answers on" in line) + 1 :]
    assert not after, "bad requests leave nothing in the log"


def test_what_cannot_be_served_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--workspace", str(tmp_path / "none"))
    (tmp_path / "model.zip").write_text("no zip")
    with closing(socket.create_server(("127.0.0.1", 0))):
        for arguments, why in (
            (("abc",), "no run 'abc'"),
            ((str(tmp_path / "model.zip"),), "no zip that can be read"),
            ((str(tmp_path),), "is no bundle"),
        ):
            assert main(["serve", *arguments, *place]) == 2
            assert why in capsys.readouterr().err
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transfer_core.commands.serve.NEEDED", ("fastapi", "no_such_library"))
        assert main(["serve", "abc", *place]) == 2
    assert "requirements-serve.txt" in capsys.readouterr().err


def test_a_taken_port_is_a_sentence(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        for model in (server.bundle, server.bundle.parent):  # a run's folder stands for the run
            assert main(["serve", str(model), "--port", str(taken.getsockname()[1])]) == 2
            assert "cannot be listened on" in capsys.readouterr().err
