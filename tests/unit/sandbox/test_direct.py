"""Which commands of a shell are executed without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.sandbox.direct import find_direct


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Two folders: `tool` is in the second, and in the first a folder and a file of the name that is no program."""
    first, second = tmp_path / "first", tmp_path / "second"
    for program in (first / "late", second / "late", second / "tool", second / "test", second / "x=1"):
        program.parent.mkdir(exist_ok=True)
        program.touch(0o755)
    (first / "tool").mkdir()
    (first / "late").chmod(0o644)
    return f"{first}:{second}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/bin/true", ["/bin/true"]),
        ("bin/tool --fast", ["bin/tool", "--fast"]),
        ("./tool", ["./tool"]),
        ("/bin/env A=1 \t b@c:d,e%f+g", ["/bin/env", "A=1", "b@c:d,e%f+g"]),
    ],
)
def test_plain_words_are_a_program_and_what_it_is_called_with(text: str, words: list[str]) -> None:
    assert find_direct(("/bin/sh", "-c", text), {}) == (words[0], *words)


def test_a_program_is_looked_for_where_the_shell_would(path: str) -> None:
    second = path.split(":")[1]
    for name in ("tool", "late"):
        assert find_direct(("/bin/sh", "-c", f"{name} a"), {"PATH": path}) == (f"{second}/{name}", name, "a")


@pytest.mark.parametrize(
    "text",
    [
        *("tool 'a'", 'tool "a"', r"tool a\ b", "tool $HOME", "tool `a`", "tool *", "tool a?", "tool [ab]", "tool ~"),
        *("tool > out", "tool < in", "tool | tool", "tool; tool", "tool & ", "tool && tool", "tool\ntool", "(tool)"),
        *("{ tool; }", "tool # why", "! tool", "tool a^b", "tool é"),
        *("A=1 tool", "x=1", "test -f a", "time tool", "exec tool", ". tool", "if tool", "echo a", "-x", "+x"),
        *("nosuch", "", " tool", "tool "),
    ],
)
def test_all_else_is_left_to_the_shell(path: str, text: str) -> None:
    assert find_direct(("/bin/sh", "-c", text), {"PATH": path}) == ()


@pytest.mark.parametrize("command", [("bash", "-c", "tool"), ("tool",), ("/bin/sh", "-c", "tool", "a")])
def test_other_commands_are_what_they_are(path: str, command: tuple[str, ...]) -> None:
    assert find_direct(command, {"PATH": path}) == ()


def test_the_shell_is_asked_where_the_environment_has_folders_that_depend_or_functions(path: str) -> None:
    command = ("/bin/sh", "-c", "tool")
    for environment in ({}, {"PATH": f"bin:{path}"}, {"PATH": path, "BASH_FUNC_tool%%": "() { :; }"}):
        assert find_direct(command, environment) == ()
