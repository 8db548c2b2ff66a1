"""The proxy of docs/deploy.md, as it is written there: TLS, a password, a name, a sub-path."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

playwright = pytest.importorskip("playwright.sync_api")
from tests.browser.conftest import PROJECT, Server, screenshot  # noqa: E402 - after the check that Playwright is there

NGINX = os.environ.get("GRAFT_NGINX") or shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(
    NGINX is None or shutil.which("openssl") is None, reason="no nginx here; GRAFT_NGINX names one"
)
expect = playwright.expect
NAME = "graft.localhost"  # which browsers take for this machine's
AROUND = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{}}
http {{
    access_log off; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    {told}
}}
"""


class Behind(Server):
    environment: ClassVar = {"STREAMLIT_SERVER_ALLOWED_HOSTS": NAME, "STREAMLIT_SERVER_BASE_URL_PATH": "graft"}


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[str]:
    """The address of a proxy before a Graft."""
    server = Behind(tmp_path / "workspace")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path / "nginx"
    folder.mkdir()
    key, certificate = folder / "graft.key", folder / "graft.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "secret"], check=True, capture_output=True, text=True).stdout
    (folder / "graft.htpasswd").write_text(f"ann:{hashed}")
    for place in (*folder.parents, folder):
        if place.stat().st_uid == os.getuid() and place.is_relative_to(tmp_path.parent.parent):
            place.chmod(0o755)  # its workers may be another user
    (told,) = re.findall(r"```nginx\n(.*?)```", (PROJECT / "docs" / "deploy.md").read_text(), re.DOTALL)
    for written, here in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/nginx", str(folder)),
        ("8501", f"{server.port}"),
        ("graft.lab", NAME),
    ):
        assert written in told
        told = told.replace(written, here)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, told=told))
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert time.monotonic() < end and process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)
    yield f"https://{NAME}:{port}/graft/"
    process.terminate()
    process.wait(timeout=20)
    server.stop()


def test_images_come_in_through_a_proxy_with_tls_a_password_a_name_and_a_sub_path(
    proxied: str, zipped: Path, browser: "playwright.Browser"
) -> None:
    errors: list[str] = []
    by_address = proxied.replace(NAME, "127.0.0.1")
    nobody = browser.new_context(ignore_https_errors=True)
    assert nobody.request.get(by_address).status == 401
    context = browser.new_context(ignore_https_errors=True, http_credentials={"username": "ann", "password": "secret"})
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{proxied}data")
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible(timeout=30_000)
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(zipped)
    page.get_by_role("button", name="Import these images").click(timeout=30_000)
    expect(page.get_by_text("Ready: 60 images, 3 classes")).to_be_visible(timeout=60_000)
    picture = page.get_by_role("figure").first.locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => picture.complete && picture.naturalWidth > 0"), picture.get_attribute("src")
    screenshot(page, "proxy")
    assert context.request.get(by_address).status == 200, "127.0.0.1 is a name of its own"
    nobody.close()
    context.close()
    assert not errors
