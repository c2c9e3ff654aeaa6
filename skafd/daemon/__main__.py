"""`python -m skafd.daemon --home DIR`: what `skafd up` and the system service start."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from skafd.daemon.application import serve_home
from skafd.errors import SkafdError
from skafd.home import Home


def main() -> int:
    """Exit code 0 after an orderly end, 1 when the daemon could not start."""
    parser = argparse.ArgumentParser(prog="skafd daemon", description="The skafd daemon of one state folder.")
    parser.add_argument("--home", type=Path, default=Home.default().path, help="the state folder")
    home = Home(parser.parse_args().home.absolute())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    try:
        asyncio.run(serve_home(home))
    except SkafdError as error:
        print(f"skafd: {error.message}" + (f" ({error.hint})" if error.hint else ""), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
