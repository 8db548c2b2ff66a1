"""Graft as those see it who come from elsewhere: under another name, by a link on another site, with a token."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

playwright = pytest.importorskip("playwright.sync_api")
from tests.browser.conftest import PHONE, Server, screenshot  # noqa: E402 - after the check that Playwright is there

expect = playwright.expect


class Shared(Server):
    environment: ClassVar = {"GRAFT_SHARE": "1"}
    options = ("--server.baseUrlPath", "graft")


def test_who_comes_from_elsewhere(open_page: Callable[..., "playwright.Page"], tmp_path: Path) -> None:
    server = Shared(tmp_path / "workspace")
    home, token = f"{server.url}/graft/", (tmp_path / "workspace" / "token").read_text().strip()
    try:
        page, asked = open_page(), list[str]()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(home.replace("127.0.0.1", "graft.localhost"))  # a name that browsers take for this machine's
        expect(page.get_by_role("heading", name="Graft does not go by this name")).to_be_visible()
        expect(page.get_by_text("server.allowedHosts", exact=True)).to_be_visible()
        screenshot(page, "another-name")

        page.route("http://wiki.test/", lambda route: route.fulfill(body=LINKS.format(home=home, token=token)))
        page.goto("http://wiki.test/")
        page.get_by_role("link", name="without").click()
        expect(page.get_by_role("heading", name="Graft asks for its token")).to_be_visible()
        screenshot(page, "token")
        page.goto("http://wiki.test/")
        page.get_by_role("link", name="with a token").click()
        expect(page.get_by_role("heading", name="Graft", exact=True)).to_be_visible()
        expect(page.locator(".stApp")).to_be_visible()
        page.get_by_role("link", name="Settings").click()
        expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
        assert token not in page.url and token not in page.evaluate("document.cookie")
        page.goto("http://wiki.test/")  # the cookie is not shown after a click elsewhere, but it is there
        page.get_by_role("link", name="without").click()
        page.get_by_role("link", name="Go on without").click()
        expect(page.locator(".stApp")).to_be_visible()

        ours = (home, home.replace("127.0.0.1", "graft.localhost"), "http://wiki.test/", "data:", "blob:")
        assert len(asked) > 20 and not [url for url in asked if not url.startswith(ours)], (
            "pages load nothing elsewhere"
        )

        page = open_page(PHONE, "dark")
        page.goto(home)
        page.get_by_label("Token").fill("a guess of somebody")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("That is not its token")).to_be_visible()
        screenshot(page, "token-wrong-phone-dark")
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Go on").click()
        expect(page.locator(".stApp")).to_be_visible()
    finally:
        server.stop()


LINKS = '<a href="{home}">without</a> <a href="{home}?token={token}">with a token</a>'
