"""What the steps of a job are executed by, looked for where the job would find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.environments.programs import Missing, Surroundings, as_typed, find_missing
from skafd.model.entrypoint import Command, parse_entrypoint


@pytest.fixture
def there(tmp_path: Path) -> Surroundings:
    """A project beside a machine that has sh, bash and a program `ours`."""
    project, programs = tmp_path / "project", tmp_path / "programs"
    project.mkdir()
    programs.mkdir()
    for name in ("sh", "bash"):
        (programs / name).symlink_to(f"/bin/{name}")
    write_program(programs / "ours")
    return Surroundings(project, {"PATH": str(programs)})


def write_program(path: Path, first_line: str = "#!/bin/sh", mode: int = 0o755) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{first_line}\n")
    path.chmod(mode)


def missing(entrypoint: str, there: Surroundings, language: str = "python") -> list[Missing]:
    return list(find_missing(parse_entrypoint(entrypoint, language), there))


@pytest.mark.parametrize(
    "entrypoint", ["a.py", "a.sh", "ours --fast", "if true; then ours; fi", "cd a", "A=1 ours", "$TOOL", "module: x"]
)
def test_what_is_there_is_not_missed(there: Surroundings, entrypoint: str) -> None:
    assert missing(entrypoint, there) == []


def test_words_of_bash_are_known_to_bash_alone(there: Surroundings) -> None:
    assert missing("[[ -f a ]]", there, "bash") == missing("pushd a", there, "bash") == []
    assert [found.message for found in missing("pushd a", there)] == ["pushd is not on this machine"]


def test_a_missing_interpreter_says_what_to_install(there: Surroundings) -> None:
    [found] = missing("fit.R", there)
    assert found.message == "Rscript is not on this machine"
    assert "apt install r-base-core" in found.hint
    assert "`r-base` to environment.yml" in found.hint


def test_without_bash_neither_scripts_nor_commands_of_it_run(there: Surroundings) -> None:
    (Path(there.path) / "bash").unlink()
    for entrypoint in ("load.sh", "echo a"):
        assert [found.message for found in missing(entrypoint, there, "bash")] == ["bash is not on this machine"]


def test_each_step_is_asked_for(there: Surroundings) -> None:
    found = missing("a.py | nosuch --fast | ours | fit.R", there)
    assert [each.message.split(" ")[0] for each in found] == ["nosuch", "Rscript"]


def test_an_executable_file_at_the_top_of_the_project_needs_no_path(there: Surroundings) -> None:
    write_program(there.project / "tool")
    assert missing("tool --fast", there) == []
    assert as_typed(Command("tool --fast tool"), there) == "./tool --fast tool"


def test_programs_of_the_machine_come_first(there: Surroundings) -> None:
    for name in ("ours", "echo"):
        write_program(there.project / name)
        assert as_typed(Command(f"{name} a"), there) == f"{name} a"


def test_a_file_that_may_not_be_executed_is_told_of(there: Surroundings) -> None:
    write_program(there.project / "bin" / "tool", mode=0o644)
    [found] = missing("bin/tool --fast", there)
    assert (found.message, found.hint[:20]) == ("bin/tool is not executable", "`chmod +x bin/tool`,")


def test_a_path_that_leads_nowhere_is_told_of(there: Surroundings) -> None:
    assert [found.message for found in missing("bin/tool", there)] == ["there is no program bin/tool"]


@pytest.mark.parametrize(
    ("first_line", "message"),
    [
        ("#!/usr/bin/env nosuch", "nosuch, which the first line of tool names, is not on this machine"),
        ("#!/usr/bin/env -S nosuch --fast", "nosuch, which the first line of tool names, is not on this machine"),
        ("#!/nowhere/perl", "/nowhere/perl, which the first line of tool names, is not on this machine"),
        ("#!/usr/bin/env ours", None),
        ("no first line", None),
    ],
)
def test_what_a_first_line_names_must_be_there(there: Surroundings, first_line: str, message: str | None) -> None:
    write_program(there.project / "tool", first_line)
    assert [found.message for found in missing("tool", there)] == ([message] if message else [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"metadata": {"kernelspec": {"language": "python"}}}', None),
        ('{"metadata": {"language_info": {"name": "python", "version": "3.6"}}}', None),
        ('{"metadata": {}}', None),
        ('{"metadata": {"kernelspec": {"language": "R"}}}', "there is no kernel for R, in which a.ipynb is written"),
        ("half a file {", "a.ipynb is no notebook that can be read: "),
        ("[]", "a.ipynb is no notebook that can be read: "),
    ],
)
def test_a_notebook_must_be_one_and_in_python(there: Surroundings, content: str, message: str | None) -> None:
    (there.project / "a.ipynb").write_text(content)
    found = missing("a.ipynb", there)
    assert [each.message[: len(message or "")] for each in found] == ([message] if message else [])
