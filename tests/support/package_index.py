"""A package index on 127.0.0.1 that remembers what it was asked for."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.wheels import make_wheel


class PackageIndex:
    """Serves wheels by the JSON form of the simple API, with the instants at which they were published, if it is to."""

    def __init__(self, folder: Path, tells_when: bool = True) -> None:
        self.folder = folder
        self.asked_for: list[str] = []
        self.credentials: list[str | None] = []
        self._tells_when = tells_when
        self._published: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        """What to tell pip and uv."""
        return f"http://127.0.0.1:{self._server.server_port}/simple"

    def publish(self, name: str, version: str, day: str = "2018-01-01", requires: tuple[str, ...] = ()) -> None:
        """Adds a wheel."""
        wheel = make_wheel(self.folder, name, version, requires)
        self._published[wheel.name] = f"{day}T12:00:00Z"

    def serve(self) -> None:
        """Answers until it is closed."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Ends."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, type and body."""
        self.asked_for.append(path)
        name = path.strip("/").rpartition("/")[2]
        file = self.folder / name.partition("#")[0]
        if file.suffix == ".whl" and file.is_file():
            return 200, "application/octet-stream", file.read_bytes()
        if name.endswith(".whl.metadata"):
            return 200, "text/plain", _metadata(self.folder / name.removesuffix(".metadata"))
        found = sorted(self.folder.glob(f"{name}-*.whl"))
        files = [self._entry(wheel) for wheel in found]
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}
        return (200 if files else 404), "application/vnd.pypi.simple.v1+json", json.dumps(page).encode()

    def _entry(self, wheel: Path) -> dict[str, object]:
        entry: dict[str, object] = {
            "filename": wheel.name,
            "url": f"/files/{wheel.name}",
            "size": wheel.stat().st_size,
            "core-metadata": True,
            "hashes": {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()},
        }
        return entry | (
            {"upload-time": self._published.get(wheel.name, "2018-01-01T12:00:00Z")} if self._tells_when else {}
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.credentials.append(self.headers.get("Authorization"))
                status, kind, body = index.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 as http.server wants it

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        return Handler


def _metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA")))


@contextmanager
def serving(folder: Path, tells_when: bool = True) -> Iterator[PackageIndex]:
    """An index for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    index = PackageIndex(folder, tells_when)
    thread = threading.Thread(target=index.serve)
    thread.start()
    try:
        yield index
    finally:
        index.close()
        thread.join()
