"""Turns a notebook on standard input into one page of HTML on standard output; runs nothing of it."""

from __future__ import annotations

import os
import sys
import tempfile

_SCRATCH = tempfile.TemporaryDirectory(prefix="skafd-notebook-")
for _name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
    os.environ[_name] = _SCRATCH.name

from nbconvert.exporters import HTMLExporter


def main() -> None:
    """Reads and writes."""
    page, _ = HTMLExporter(embed_images=True).from_file(sys.stdin)
    sys.stdout.buffer.write(page.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    main()
