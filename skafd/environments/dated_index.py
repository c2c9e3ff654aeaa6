"""Package indexes as they were on a day, for pip, which cannot ask for a day itself on older Pythons.

A small server on 127.0.0.1, for as long as pip resolves, hands on the pages of the real indexes: without files that
were published later, and without the SDK, which is never looked up.
"""

from __future__ import annotations

import base64
import html
import json
import re
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urljoin, urlsplit, urlunsplit

from skafd.environments.lines import SDK
from skafd.errors import BuildError

_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2"
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One file of a package."""

    name: str
    url: str
    requires_python: str | None
    published: datetime | None


class DatedIndex:
    """A context in which pip asks us instead of `urls`. With no day, all files are handed on."""

    def __init__(self, urls: Sequence[str], as_of: str | None) -> None:
        self._urls = urls
        self._before = _end_of(as_of) if as_of else None
        self._token = secrets.token_urlsafe()
        self._undated: set[str] = set()
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> DatedIndex:
        if self._urls:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
            threading.Thread(target=self._server.serve_forever, name="skafd-dated-index", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def variables(self) -> Mapping[str, str]:
        """What sends pip here."""
        if self._server is None:
            return {}
        base = f"http://127.0.0.1:{self._server.server_port}/{self._token}"
        ours = [f"{base}/{number}/" for number in range(len(self._urls))]
        return {"PIP_INDEX_URL": ours[0], "PIP_EXTRA_INDEX_URL": " ".join(ours[1:])}

    def explain(self, error: BuildError) -> BuildError:
        """The error, with what the indexes do not say where that may be the reason."""
        if not self._undated:
            return error
        named = ", ".join(sorted(self._undated))
        message = f"the package index does not say when the files of {named} were published, which resolve_as_of needs"
        return BuildError(
            f"{message}\n{error.message}", "use an index that does, as pypi.org, or leave resolve_as_of out"
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, page = index._page(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        return Handler

    def _page(self, path: str) -> tuple[int, bytes]:
        found = re.fullmatch(rf"/{re.escape(self._token)}/(\d+)/([A-Za-z0-9._-]+)/?", path)
        if found is None or int(found[1]) >= len(self._urls) or _normal(found[2]) == SDK:
            return 404, b""
        try:
            files = list(fetch(self._urls[int(found[1])], found[2]))
        except urllib.error.HTTPError as error:
            return error.code, b""
        except (OSError, ValueError):
            return 502, b""
        links = "".join(_link(file) for file in files if self._counts(found[2], file))
        return 200, f"<!DOCTYPE html><html><body>{links}</body></html>".encode()

    def _counts(self, package: str, file: IndexFile) -> bool:
        if self._before is None:
            return True
        if file.published is None:
            self._undated.add(package)
            return False
        return file.published < self._before


def fetch(index: str, package: str) -> Iterator[IndexFile]:
    """The files of a package on an index. Raises OSError, ValueError for what is no such page."""
    place = urlsplit(f"{index.rstrip('/')}/{_normal(package)}/")
    bare = urlunsplit(place._replace(netloc=place.netloc.rpartition("@")[2]))
    request = urllib.request.Request(bare, headers={"Accept": _ACCEPT})
    login = place.netloc.rpartition("@")[0]
    if login:
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
        body = answer.read().decode("utf-8", "replace")
        is_json = "json" in answer.headers.get("Content-Type", "")
        base = answer.url
    for file in _from_json(body) if is_json else _from_html(body):
        url = urljoin(base, file.url)
        # Files on the index's own host want the same login.
        same = urlsplit(url)
        with_login = same._replace(netloc=f"{login}@{same.netloc}") if login and same.netloc in bare else same
        yield IndexFile(file.name, urlunsplit(with_login), file.requires_python, file.published)


def _from_json(body: str) -> Iterator[IndexFile]:
    for file in json.loads(body).get("files", ()):
        digest = file.get("hashes", {}).get("sha256")
        url = f"{file['url']}#sha256={digest}" if digest else file["url"]
        yield IndexFile(file["filename"], url, file.get("requires-python"), _instant(file.get("upload-time")))


def _from_html(body: str) -> Iterator[IndexFile]:
    parser = _Links()
    parser.feed(body)
    for attributes, name in parser.found:
        url, required = attributes.get("href"), attributes.get("data-requires-python")
        if url:
            yield IndexFile(name.strip(), url, required, _instant(attributes.get("data-upload-time")))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            attributes, text = self.found[-1]
            self.found[-1] = (attributes, text + data)


def _link(file: IndexFile) -> str:
    required = f' data-requires-python="{html.escape(file.requires_python)}"' if file.requires_python else ""
    return f'<a href="{html.escape(file.url)}"{required}>{html.escape(file.name)}</a>\n'


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _end_of(day: str) -> datetime:
    following = date.fromisoformat(day) + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=UTC)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
