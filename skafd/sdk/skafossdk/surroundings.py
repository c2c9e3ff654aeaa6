"""Who the program is to skafd: the attempt that it runs as, or somebody at a laptop or in a notebook."""

import os
import re
import threading
from typing import Any, Dict, Iterator, Mapping, Optional

from .exceptions import SkafosError, Unreachable
from .transport import Service

_CONFIG = "metis.config.yml"
_TOKEN = re.compile(r"""^project_token:\s*["']?([^\s"'#]+)""", re.MULTILINE)
_SYSTEM_HOME = "/var/lib/skafd"
_PATIENCE_IN_A_JOB_SECONDS = 600.0
_START_IT = "start skafd with `skafd up`, or set SKAFD_HOME to the state folder of one that runs"


class Surroundings:
    """Reads the environment once; what needs the daemon asks for it when it is first used."""

    def __init__(self, project: "Optional[str]" = None, variables: "Mapping[str, str]" = os.environ) -> None:
        self.variables = variables
        self._project = project
        self._daemon: "Optional[Service]" = None
        self._lock = threading.Lock()

    @property
    def is_job(self) -> bool:
        """Whether skafd runs this program."""
        return "SKAFD_TOKEN" in self.variables and "SKAFD_SOCKET" in self.variables

    @property
    def token(self) -> str:
        """What proves to skafd's services who is talking. Raises Unreachable."""
        self.daemon()
        return self._token

    def daemon(self) -> Service:
        """The daemon, as jobs reach it. Raises Unreachable with one sentence that says what to do."""
        with self._lock:
            if self._daemon is None:
                self._daemon = self._of_job() if self.is_job else self._by_hand()
            return self._daemon

    def _of_job(self) -> Service:
        self._token = self.variables["SKAFD_TOKEN"]
        return Service(self.variables["SKAFD_SOCKET"], self._token, _PATIENCE_IN_A_JOB_SECONDS)

    def _by_hand(self) -> Service:
        """Asks the daemon of the state folder for a token; who may open its socket may."""
        home = self._home()
        front = Service(os.path.join(home, "api.sock"), "", patience_seconds=0.0, hint=_START_IT)
        answer = front.call("POST", "/v1/tokens/job", {"project": self._find_project()})
        self._token = str(answer["token"])
        return Service(str(answer["socket"]), self._token, patience_seconds=30.0, hint=_START_IT)

    def _find_project(self) -> str:
        """As said, else by the nearest config, else by `PROJECT_TOKEN`. Raises Unreachable."""
        if self._project:
            return self._project
        for folder in _upwards(os.getcwd()):
            path = os.path.join(folder, _CONFIG)
            if os.path.isfile(path):
                return _token_of(path) or folder
        if self.variables.get("PROJECT_TOKEN"):
            return self.variables["PROJECT_TOKEN"]
        raise Unreachable(f"there is no {_CONFIG} here or above: say Skafos(project_token=...) or change the folder")

    def _home(self) -> str:
        """As skafd finds its state folder."""
        if self.variables.get("SKAFD_HOME"):
            return os.path.abspath(self.variables["SKAFD_HOME"])
        if _is_mine(_SYSTEM_HOME):
            return _SYSTEM_HOME
        state = self.variables.get("XDG_STATE_HOME", "")
        if not os.path.isabs(state):
            state = os.path.join(os.path.expanduser("~"), ".local", "state")
        return os.path.join(state, "skafd")


def call(
    surroundings: Surroundings, method: str, path: str, body: "Optional[Dict[str, Any]]" = None, **more: Any
) -> Any:
    """One call of the daemon. Raises SkafosError."""
    return surroundings.daemon().call(method, path, body, **more)


def _upwards(folder: str) -> "Iterator[str]":
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _token_of(config: str) -> "Optional[str]":
    try:
        with open(config, encoding="utf-8") as file:
            found = _TOKEN.search(file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise SkafosError(f"{config} cannot be read: {error}") from error
    return found.group(1) if found else None


def _is_mine(folder: str) -> bool:
    try:
        return os.stat(folder).st_uid == os.geteuid()
    except OSError:
        return False
