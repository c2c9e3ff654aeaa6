"""The pages of `skafd open`, asked for as a browser does."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from skafd.api.shapes import LogSource
from skafd.daemon.website import Website
from tests.support import scenes
from tests.support.fake_backend import FakeBackend


@dataclass
class Browser:
    website: Website
    backend: FakeBackend

    def __post_init__(self) -> None:
        self.url = self.website.open(self.backend)

    def get(self, path: str = "", base: str | None = None, host: str | None = None) -> tuple[int, str]:
        """The status code and the page."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        headers = {"Host": host} if host else {}
        connection.request("GET", (address.path if base is None else base) + path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert "script" not in text
        return answer.status, text


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    backend = FakeBackend(tmp_path)
    backend.projects = scenes.busy_projects()
    backend.details["churn/42"] = scenes.killed_run()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    website = Website(loop)
    yield Browser(website, backend)
    website.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


def test_the_first_page_has_every_project_and_leads_to_runs(browser: Browser) -> None:
    code, page = browser.get()
    assert code == 200
    assert all(f"<h2>{name} " in page for name in ("churn", "warehouse", "forecast", "fresh"))
    assert '<span class="bad">oom_killed</span>' in page
    assert "did you mean &#x27;entrypoint&#x27;?" in page
    assert "run/churn/42" in page


def test_a_run_shows_why_and_leads_to_logs(browser: Browser, tmp_path: Path) -> None:
    code, page = browser.get("run/churn/42")
    assert code == 200
    assert "try memory: 128Mi" in page
    assert "log/churn/42/train" in page
    log = tmp_path / "log"
    log.write_text("".join(f"line {number} <b>\n" for number in range(3000)))
    browser.backend.sources = [LogSource("churn/42/train", str(log), True)]
    code, page = browser.get("log/churn/42/train")
    assert code == 200
    assert "line 2999 &lt;b&gt;" in page
    assert "line 999 " not in page
    assert "http-equiv" not in page


def test_what_runs_is_loaded_again_by_itself(browser: Browser) -> None:
    killed = browser.backend.details["churn/42"]
    running = replace(killed, summary=replace(killed.summary, state="running", ended_at=None))
    browser.backend.details["churn/42"] = running
    assert 'http-equiv="refresh"' in browser.get("run/churn/42")[1]
    browser.backend.details["churn/42"] = killed
    assert "http-equiv" not in browser.get("run/churn/42")[1]


@pytest.mark.parametrize("path", ["run/churn/99", "log/nothing/1/x", "log/churn/42/train", "settings"])
def test_what_is_not_there_is_said(browser: Browser, path: str) -> None:
    assert browser.get(path)[0] == 404


@pytest.mark.parametrize("base", ["/", "/x/", "/%C3%A9/"])
def test_nothing_is_shown_without_the_token(browser: Browser, base: str) -> None:
    code, page = browser.get(base=base)
    assert code == 404
    assert "churn" not in page


def test_a_name_that_was_bent_to_this_machine_gets_nothing(browser: Browser) -> None:
    code, page = browser.get(host="evil.example")
    assert code == 404
    assert "churn" not in page


def test_nothing_can_be_changed(browser: Browser) -> None:
    address = urlsplit(browser.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    connection.request("POST", address.path)
    assert connection.getresponse().status == 405
    connection.close()


def test_it_is_one_place_until_it_is_closed(browser: Browser) -> None:
    assert browser.website.open(browser.backend) == browser.url
    assert browser.website.close()
    assert not browser.website.close()
    with pytest.raises(ConnectionRefusedError):
        browser.get()
    assert browser.website.open(browser.backend) != browser.url
