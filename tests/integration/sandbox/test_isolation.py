"""What a job can neither gain nor reach."""

from __future__ import annotations

import os

from tests.support.sandboxed import Sandbox, python


def test_a_job_inherits_no_descriptor_but_the_standard_ones(sandbox: Sandbox) -> None:
    # One of ours that everything we start inherits: it must not come through launcher and supervisor either.
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        program = "import os; print(sorted(int(name) for name in os.listdir('/proc/self/fd'))[:-1])"
        spec = sandbox.spec("job", python(program), python(program))
        assert sandbox.run(spec).exit_code == 0
    finally:
        os.close(reading)
        os.close(writing)
    # The last of each list was that of the listed folder itself.
    assert sandbox.log("job") == "[0, 1, 2]\n[0, 1, 2]\n"


def test_no_program_of_a_job_gains_privileges(sandbox: Sandbox) -> None:
    found = sandbox.run_script("job", "grep NoNewPrivs /proc/self/status && sh -c 'grep NoNewPrivs /proc/self/status'")
    assert found.exit_code == 0
    assert sandbox.log("job").split() == ["NoNewPrivs:", "1"] * 2
