"""A step that is forked from a process which has imported everything is, to itself and to others, as if executed."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skafd.sandbox import identity
from skafd.sandbox.cgroup.detect import detect
from skafd.sandbox.evidence import Verdict
from skafd.sandbox.spec import ResourceLimits
from tests.support.sandboxed import Sandbox, children_of, is_alive, kill_by_force
from tests.support.users import open_passage, some_user
from tests.support.warm_lab import WarmLab

MIRROR = """\
import json, os, pickle, resource, signal, stat, sys, threading
from metaflow import ForeachFrame
import helper

def status(name):
    return [line.split(":")[1].strip() for line in open("/proc/self/status") if line.startswith(name + ":")]

print(json.dumps({
    "path": sys.path, "argv": sys.argv, "flags": list(sys.flags), "executable": sys.executable,
    "folder": os.getcwd(), "environment": dict(os.environ), "file": __file__, "name": __name__,
    "globals": sorted(globals()), "spec": repr(__spec__), "helper": helper.WHERE,
    "descriptors": sorted(name for name in os.listdir("/proc/self/fd"))[:3],
    "inherited": [fd for fd in range(3, 64) if os.path.exists("/proc/self/fd/%d" % fd) and os.get_inheritable(fd)],
    "kinds": [stat.S_IFMT(os.fstat(number).st_mode) for number in range(3)],
    "handlers": {str(number): str(signal.getsignal(number)) for number in signal.Signals},
    "mask": status("SigBlk"), "user": os.getresuid(), "group": os.getresgid(), "groups": os.getgroups(),
    "privileges": status("NoNewPrivs"), "umask": status("Umask"), "name_of_process": status("Threads"),
    "oom": open("/proc/self/oom_score_adj").read(), "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "groups_of_control": sorted({line.rpartition("/")[0] for line in open("/proc/self/cgroup")}),
    "leads": os.getsid(0) == os.getpgid(0), "frame": len(pickle.dumps(ForeachFrame("a"))),
    "thread": threading.current_thread().name,
}))
"""
METAFLOW_WITH_MORE = "MORE = 'more'\n"
ENDINGS = {
    "well": "print('done')",
    "with a code": "import sys; sys.exit(3)",
    "with a sentence": "import sys; sys.exit('no more')",
    "by an exception": "def work():\n    raise ValueError('wrong')\nwork()",
    "at once": "import os; os._exit(7)",
    "by a signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "by force": "import os; os.kill(os.getpid(), 9)",
    "with a file still open": "file = open('left.txt', 'w'); file.write('all')",
    "with a thread": "import threading; threading.Timer(0.2, print, ['late']).start()",
    "with somebody told": "import atexit; atexit.register(print, 'bye')",
    "with something to say": "class Loud:\n    def __del__(self): print('gone')\nloud = Loud()",
}


@pytest.fixture(params=["skafd's user", "another user"])
def lab(request: pytest.FixtureRequest) -> Iterator[WarmLab]:
    if request.param == "another user" and os.geteuid() != 0:
        pytest.skip("ONLY ROOT CAN BE OTHER USERS: run the tests as root")
    # Not in pytest's own folder, which each pytest that starts closes to other users.
    with tempfile.TemporaryDirectory(prefix="skafd-", dir="/tmp") as name:
        folder = Path(name)
        open_passage(folder)
        sandbox = Sandbox(folder, detect(folder))
        made = WarmLab.make(sandbox, folder, some_user() if request.param == "another user" else None)
        try:
            if not sandbox.place.folders:
                pytest.skip("STEPS CANNOT BE STARTED WARM HERE: no control group is writable")
            if not made.python:
                pytest.skip("NO PYTHON ON THIS MACHINE CAN BE RUN BY OTHER USERS")
            yield made
            made.close()
        finally:
            sandbox.close()


def test_what_a_step_sees_of_itself_is_what_it_sees_when_executed(lab: WarmLab) -> None:
    server = lab.serve()
    seen: dict[str, Any] = {}
    own = lab.sandbox.cgroup_name("mirror")
    for name, where in (("cold", None), ("warm", server)):
        more: dict[str, Any] = {"files": {"helper.py": "WHERE = __file__\n"}, "variables": {"MINE": "\udce4 yes"}}
        found = lab.run(name, MIRROR, "--one", "two words", server=where, cgroup_name=own, **more)
        assert (found.verdict, found.exit_code) == (Verdict.EXITED, 0), lab.sandbox.log(name)
        assert found.start == ("warm" if where else "")
        seen[name] = json.loads(lab.sandbox.log(name).replace(f"/runs/{name}/", "/runs/any/"))
    assert seen["warm"] == seen["cold"]
    assert seen["warm"]["user"] == [lab.uid] * 3


def test_it_ends_as_if_it_had_been_executed(lab: WarmLab) -> None:
    server = lab.serve()
    for number, (how, flow) in enumerate(ENDINGS.items()):
        ends = []
        for name, where in ((f"cold-{number}", None), (f"warm-{number}", server)):
            found = lab.run(name, flow, server=where)
            left = lab.sandbox.work(name) / "left.txt"
            said = lab.sandbox.log(name).replace(name, "it")
            ends.append((found.verdict, found.exit_code, found.signal, said, left.exists() and left.read_text()))
        assert found.start == "warm"
        assert ends[0] == ends[1], how


def test_it_is_in_the_attempts_control_group_and_meets_its_limits(lab: WarmLab) -> None:
    if not lab.sandbox.place.enforces("memory"):
        pytest.skip("LIMITS ARE NOT TESTED HERE: no memory control group is writable")
    hungry = "data = bytearray(200 * 2**20)\nfor at in range(0, len(data), 4096): data[at] = 1"
    found = lab.run("hungry", hungry, server=lab.serve(), limits=ResourceLimits(memory_bytes=64 * 2**20))
    assert (found.start, found.verdict) == ("warm", Verdict.OOM_KILLED), found
    assert found.peak_memory_bytes is not None
    assert found.peak_memory_bytes <= 64 * 2**20
    assert lab.run("after", "print('here')", server=lab.servers[0][0]).start == "warm"


def test_a_killed_server_loses_no_step_and_not_how_it_ended(lab: WarmLab) -> None:
    server = lab.serve()
    waits = "import os, sys, time\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('went on'); sys.exit(5)"
    step = lab.step("step", waits, server=server)
    lab.sandbox.start(step)
    (main,) = [pid for pid in children_of(lab.servers[0][1].pid) if identity.parent(pid) == lab.servers[0][1].pid]
    kill_by_force(main)
    assert lab.sandbox.ended(server).verdict is Verdict.SIGNALLED
    (lab.sandbox.work("step") / "go").touch()
    found = lab.sandbox.ended(step)
    assert (found.start, found.exit_code) == ("warm", 5)
    assert lab.sandbox.log("step") == "went on\n"
    alone = lab.run("alone", "print('all the same')", server=server)
    assert (alone.start, alone.exit_code) == ("cold: its fork server was not there yet", 0)


def test_being_asked_to_end_reaches_it_and_a_second_time_by_force(lab: WarmLab) -> None:
    polite = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(4)))\n"
        "open('up', 'w').close()\nwhile True: time.sleep(1)"
    )
    server = lab.serve()
    step = lab.step("polite", polite, server=server)
    launched = lab.sandbox.start(step)
    lab.sandbox.wait((lab.sandbox.work("polite") / "up").exists, "it is up")
    assert lab.sandbox.cancel(step, launched).verdict is Verdict.CANCELLED
    assert lab.sandbox.log("polite") == "bye\n"


def test_it_does_not_outlive_who_attends_to_it(lab: WarmLab) -> None:
    step = lab.step("step", "import os, time\nprint(os.getpid())\nwhile True: time.sleep(1)", server=lab.serve())
    launched = lab.sandbox.start(step)
    lab.sandbox.wait(lambda: lab.sandbox.log("step").endswith("\n"), "it has said its pid")
    pid = int(lab.sandbox.log("step"))
    assert pid not in children_of(launched.pid), "it is no child of its supervisor"
    (attendant,) = children_of(launched.pid)
    kill_by_force(attendant)
    found = lab.sandbox.ended(step)
    assert (found.verdict, found.signal) == (Verdict.SIGNALLED, signal.SIGKILL)
    assert not is_alive(pid)


@pytest.mark.parametrize("name", ["json.py", "metaflow_extensions"])
def test_what_lies_beside_the_flow_may_hide_a_module_and_is_executed(lab: WarmLab, name: str) -> None:
    snapshot_only = {"files": {name: "dumps = str\n"}}
    found = lab.run("step", "import json; print(json.dumps(7))", server=lab.serve(), **snapshot_only)
    assert found.start.startswith(f"cold: {'there is a ' if '.' not in name else ''}{name} beside the flow")
    assert (found.exit_code, lab.sandbox.log("step")) == (0, "7\n")


def test_a_server_whose_packages_were_changed_is_asked_for_nothing_more_and_ends(lab: WarmLab) -> None:
    server = lab.serve()
    assert lab.run("before", "print(1)", server=server).start == "warm"
    lab.put_metaflow(METAFLOW_WITH_MORE)
    number = 0
    while (found := lab.run(f"after-{number}", "import metaflow; print(metaflow.MORE)", server=server)).exit_code != 0:
        number += 1  # It looks once a second.
    assert found.start == "cold: its packages or settings have changed since it began"
    assert lab.sandbox.ended(server).exit_code == 0


@pytest.mark.parametrize(
    ("metaflow", "reason"),
    [
        ("raise RuntimeError('broken')", "cold: Metaflow cannot be imported: RuntimeError: broken"),
        (
            "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
            "cold: importing Metaflow starts a thread here",
        ),
    ],
)
def test_what_must_not_be_forked_is_not(lab: WarmLab, metaflow: str, reason: str) -> None:
    lab.put_metaflow(metaflow)
    found = lab.run("step", "print(1)", server=lab.serve())
    assert (found.start, found.exit_code) == (reason, 0)


def test_a_server_ends_when_nobody_has_asked_for_a_while(lab: WarmLab) -> None:
    server = lab.serve(idle_seconds=0.3)
    assert lab.sandbox.ended(server).exit_code == 0


def test_nobody_is_served_by_another_users_server(lab: WarmLab) -> None:
    server = lab.serve()
    step = lab.step("step", "print(1)", server=server)
    assert step.warm is not None
    foreign = lab.step("foreign", "print(1)", warm=type(step.warm)(step.warm.folder, lab.uid + 1))
    assert lab.sandbox.run(foreign).start == "cold: its fork server is another user's"
