import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skafd.commands import completing
from tests.unit.commands.conftest import Shell

PROGRAMS = Path(sys.executable).parent


def _complete(*words: str) -> list[str]:
    """What bash offers for the last word, asked as bash asks."""
    script = (
        f'eval "$({PROGRAMS}/skafd completion bash)"; COMP_WORDS=(skafd "$@"); COMP_CWORD=$#; '
        f'_skafd_completion {PROGRAMS}/skafd; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    command = ["bash", "--norc", "-c", script, "bash", *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    return ran.stdout.split()


@pytest.mark.usefixtures("home")
def test_bash_completes_commands() -> None:
    assert _complete("sched") == ["schedule"]


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("kill", "ch"), "churn"),
        (("logs", "churn/tr"), "churn/train"),
        (("show", "churn/4"), "churn/42"),
        (("run", "churn", "ing"), "ingest"),
        (("retry", "churn/42/tr"), "churn/42/train"),
        (("init", "x", "--template", "et"), "etl"),
    ],
)
def test_bash_completes_names_that_the_daemon_knows(words: tuple[str, ...], expected: str) -> None:
    assert expected in _complete(*words)


@pytest.mark.usefixtures("home")
def test_without_a_daemon_nothing_is_offered_and_nothing_said() -> None:
    assert _complete("kill", "ch") == []
    assert completing.complete_run("c") == []


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_other_shells_can_read_their_script(shell: Shell, name: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(shell("completion", name).out)
    assert "_SKAFOS_COMPLETE" in script.read_text()
    if program := shutil.which(name):
        subprocess.run([program, "-n", script], check=True)


def test_an_unknown_shell_is_a_usage_error(shell: Shell) -> None:
    assert shell("completion", "tcsh").code == 2
