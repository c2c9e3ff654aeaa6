"""`python -m skafd.daemon --home DIR`: what `skafd up` and the system service start."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from skafd.daemon.application import serve_home
from skafd.errors import AlreadyRunning, SkafdError
from skafd.home import ALREADY_RUNNING_EXIT_CODE, Home
from skafd.machine.room import shortage_of
from skafd.no_room import is_for_want_of_room
from skafd.sandbox import open_files


def main() -> int:
    """Exit code 0 after an orderly end, 1 when the daemon could not start, another where one runs already."""
    parser = argparse.ArgumentParser(prog="skafd daemon", description="The skafd daemon of one state folder.")
    parser.add_argument("--home", type=Path, default=Home.default().path, help="the state folder")
    home = Home(parser.parse_args().home.absolute())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    open_files.raise_limit()
    try:
        asyncio.run(serve_home(home))
    except AlreadyRunning as error:
        _refuse(home, error.message, error.hint)
        return ALREADY_RUNNING_EXIT_CODE
    except SkafdError as error:
        return _refuse(home, error.message, error.hint)
    except (OSError, RuntimeError) as error:
        if not is_for_want_of_room(error):
            raise
        return _refuse(home, str(error), None)
    return 0


def _refuse(home: Home, message: str, hint: str | None) -> int:
    shortage = shortage_of(home.path)
    # Whatever was said of the file that was in hand: this is what is to be done.
    hint = f"first make {shortage}" if shortage else hint
    print(f"skafd: {message}" + (f" ({hint})" if hint else ""), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
