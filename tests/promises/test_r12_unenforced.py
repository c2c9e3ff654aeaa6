"""R12: where limits cannot be enforced, the deploy says so, and `limits: required` refuses."""

from __future__ import annotations

import os
import sys

import pytest

from skafd.torture.processes import PROGRAM
from tests.support.tortured import Tortured

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide the control groups: run the tests as root"),
]

WITHOUT_CGROUPS = ("unshare", "--mount", "sh", "-c", 'umount -R /sys/fs/cgroup; exec "$@"', "sh", *PROGRAM)
LIMITED = "  - {name: it, entrypoint: 'true', on_deploy: wait, resources: {limits: {memory: 64Mi}}%s}\n"


def test_the_deploy_says_what_is_not_enforced_and_required_refuses() -> None:
    assert sys.platform == "linux"
    with Tortured(program=WITHOUT_CGROUPS) as machine:
        machine.start()
        assert machine.client.status()["daemon"]["enforcement"] == "none"
        (result,) = machine.client.up([machine.write("asks", LIMITED % "")])
        assert result["outcome"] == "deployed"
        assert any("not enforced" in warning for warning in result["warnings"])
        (result,) = machine.client.up([machine.write("insists", LIMITED % ", limits: required")])
        assert result["outcome"] == "refused"
        assert "required" in result["text"]
