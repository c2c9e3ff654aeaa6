"""One attempt on the cluster, from its submission to its end."""

import hashlib
import json
import os
import signal
import sys
import threading
import time
from typing import Any, Dict, List, Optional

from .ending import ENDED, say, stop_job
from .jobs_api import JobsApi, RayError
from .log_tail import BrokenOff, tail
from .output import Output
from .package import REMOTE, TooLarge, pack

STOPPED_CODE = 143
FAILED_CODE = 1
_LOOK_SECONDS = 0.5
_LAST_WORDS_SECONDS = 10.0
_LARGEST_COMPLETED = 16 * 2**20
"""Ray gives a whole log at once; of a longer one its last lines are not asked for again."""


class Terminated(BaseException):
    """The supervisor wants an end."""


class Attendant:
    """What it is told is in `asked`, as `skafd.ray.attending` writes it."""

    def __init__(self, asked: "Dict[str, Any]", folder: str) -> None:
        self._asked = asked
        self._id = str(asked["id"])
        self._folder = folder
        self._api = JobsApi(str(asked["address"]))
        # No line of the job's own begins like this.
        self._mark = "\x1eskafd-{}".format(hashlib.sha256(os.environ["SKAFD_TOKEN"].encode()).hexdigest()[:24])
        self._output = Output(sys.stdout.buffer, self._mark, os.environ["SKAFD_OUTPUT"])
        self._may_come = False

    def run(self) -> int:
        """The exit code of the job; what it printed is on our standard output."""
        signal.signal(signal.SIGTERM, _terminate)
        try:
            return self._attend()
        except Terminated:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            stop_job(self._api.address, self._id, self._may_come)
            return STOPPED_CODE
        except (RayError, TooLarge) as error:
            say(str(error))
            return FAILED_CODE

    def _attend(self) -> int:
        for earlier in self._asked["earlier"]:
            stop_job(self._api.address, str(earlier))
        for remark in self._asked["remarks"]:
            say(str(remark))
        # Somebody submitted it already: then it is only to be attended to.
        if self._api.find(self._id) is None:
            self._submit()
        say(f"job {self._id} on the Ray cluster at {self._api.address}")
        reading = threading.Thread(target=self._read_log, daemon=True)
        reading.start()
        found = self._wait()
        reading.join(_LAST_WORDS_SECONDS)
        self._complete(reading)
        return self._say_end(found)

    def _submit(self) -> None:
        target = os.path.join(os.path.dirname(self._folder), "package.zip")
        target = target if os.access(os.path.dirname(target), os.W_OK) else os.path.join(self._folder, ".package.zip")
        try:
            package = pack(self._folder, self._own_files(), target)
            for place in package.left_out:
                say(f"{place} is not sent to the cluster: it is no part of the deployment")
            # A package that nobody uses is removed there; sending it again is what keeps it.
            self._api.upload(package.name, package.path)
        finally:
            if os.path.exists(target):
                os.unlink(target)
        submission = dict(self._asked["submission"], submission_id=self._id)
        runtime = dict(submission["runtime_env"], working_dir="gcs://" + package.name)
        given = {name: os.environ[name] for name in self._asked["variables"]}
        if self._asked["relay"]:
            host, port = self._asked["relay"]
            # Where the daemon lets in whoever comes, by the address that this machine has for the cluster.
            given["SKAFD_RELAY"] = f"{host or self._api.own_address()}:{port}"
        runtime["env_vars"] = dict(given, SKAFD_RAY_MARK=self._mark, **runtime["env_vars"])
        self._may_come = True
        self._api.submit(dict(submission, runtime_env=runtime))

    def _own_files(self) -> "List[Any]":
        here = os.path.dirname(os.path.abspath(__file__))
        sdk = str(self._asked["sdk"])
        files = [(REMOTE + "/remote.py", os.path.join(here, "remote.py"))]
        names = [name for name in sorted(os.listdir(os.path.join(sdk, "skafossdk"))) if name.endswith(".py")]
        return files + [(f"{REMOTE}/skafossdk/{name}", os.path.join(sdk, "skafossdk", name)) for name in names]

    def _wait(self) -> "Optional[Dict[str, Any]]":
        """What the cluster says at the end; None when it does not know the job any more."""
        while True:
            found = self._api.find(self._id)
            if found is None or found["status"] in ENDED:
                return found
            time.sleep(_LOOK_SECONDS)

    def _read_log(self) -> None:
        while True:
            try:
                self._output.begin_again()
                for text in tail(self._api, self._id):
                    self._output.take(text)
                return
            except (BrokenOff, RayError):
                time.sleep(_LOOK_SECONDS)

    def _complete(self, reading: threading.Thread) -> None:
        """The log's last lines, should the connection have ended before them."""
        if not reading.is_alive() and self._output.taken <= _LARGEST_COMPLETED:
            self._output.begin_again()
            self._output.take(self._api.logs(self._id))
            self._output.end()

    def _say_end(self, found: "Optional[Dict[str, Any]]") -> int:
        if found is None:
            say(f"the cluster does not know job {self._id} any more: was it started anew?")
            return FAILED_CODE
        if found["status"] == "SUCCEEDED":
            return 0
        if found["status"] == "STOPPED":
            say("the job was stopped on the cluster")
            return STOPPED_CODE
        code = found.get("driver_exit_code")
        if code:
            return int(code) if code > 0 else 128 - int(code)
        say("Ray says: %s" % (found.get("message") or found.get("error_type") or "the job failed"))
        return FAILED_CODE


def main(text: str) -> None:
    """`text` is the JSON that `skafd.ray.attending` wrote."""
    sys.exit(Attendant(json.loads(text), os.getcwd()).run())


def _terminate(*_: Any) -> None:
    raise Terminated
