"""What the entrypoints that people write are run as."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from skafd.model.entrypoint import Command, Language, Module, Notebook, Script, Step, first_word, parse_entrypoint


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("main.py", (Script("main.py"),)),
        ("backend/main.py", (Script("backend/main.py"),)),
        ("./main.py", (Script("./main.py"),)),
        ("'my script.py'", (Script("my script.py"),)),
        ("train.py --epochs 3 --name 'a b'", (Script("train.py", ("--epochs", "3", "--name", "a b")),)),
        ("""'run (1) of $x.py' --set '{"a": 1}'""", (Script("run (1) of $x.py", ("--set", '{"a": 1}')),)),
        ("""a.py "it's" $HOME 'b'""", (Command("""python a.py "it's" $HOME 'b'"""),)),
        ("train.py > out.txt", (Command("python train.py > out.txt"),)),
        ("train.py --home $HOME", (Command("python train.py --home $HOME"),)),
        ("charts/draw.ipynb", (Notebook("charts/draw.ipynb"),)),
        ("sleep 5", (Command("sleep 5"),)),
        ("python classify.py --text 'Why?  “So.”'", (Command("python classify.py --text 'Why?  “So.”'"),)),
        ("a.py|sleep 3|b.py", (Script("a.py"), Command("sleep 3"), Script("b.py"))),
        (" a.py | sleep 23 | b.py ", (Script("a.py"), Command("sleep 23"), Script("b.py"))),
        ("echo 'a | b' | c.py", (Command("echo 'a | b'"), Script("c.py"))),
        ('sh -c "a | b" | c.py', (Command('sh -c "a | b"'), Script("c.py"))),
        (r"echo a \| b", (Command(r"echo a \| b"),)),
        (r"echo it\'s | b.py", (Command(r"echo it\'s"), Script("b.py"))),
        ("analysis/fit.R --fast", (Script("analysis/fit.R", ("--fast",), Language.R),)),
        ("fit.r", (Script("fit.r", (), Language.R),)),
        ("etl/load.sh eu 'us east'", (Script("etl/load.sh", ("eu", "us east"), Language.BASH),)),
        ("load.sh > out.txt", (Command("bash load.sh > out.txt"),)),
        ("module: package.main --fast 'a b'", (Module("package.main", ("--fast", "a b")),)),
        ("a.py | module:b", (Script("a.py"), Module("b"))),
        ("bin/tool --fast", (Command("bin/tool --fast"),)),
        ("test -f a || exit 3 | b.py", (Command("test -f a || exit 3"), Script("b.py"))),
    ],
)
def test_steps(text: str, steps: tuple[Step, ...]) -> None:
    assert parse_entrypoint(text, "python") == steps


def test_in_another_language_every_step_is_a_command() -> None:
    assert parse_entrypoint("main.py | b", "any") == (Command("main.py"), Command("b"))


def test_in_bash_commands_are_read_by_bash() -> None:
    steps = parse_entrypoint("[[ -f a ]] && b | c.sh | d.py", "bash")
    assert steps == (Command("[[ -f a ]] && b", "bash"), Script("c.sh", (), Language.BASH), Script("d.py"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("sleep 5", "sleep"),
        ("A=1 B='x y' tool --fast", "tool"),
        ("'my tool' --fast", "my tool"),
        ("cd a&&make", "cd"),
        ("$TOOL --fast", None),
        ("(cd a; make)", None),
        ("A=1", None),
        (r"echo it\'s", "echo"),
        ("echo 'open", None),
    ],
)
def test_the_program_a_command_begins_with(text: str, word: str | None) -> None:
    assert first_word(Command(text)) == word


@pytest.mark.parametrize(("language", "default"), [("python", "main.py"), ("r", "main.R"), ("bash", "main.sh")])
def test_each_language_has_something_it_runs_by_itself(language: str, default: str) -> None:
    assert Language(language).default_entrypoint == default


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("a.py |", "nothing to run on one side"),
        ("| a.py", "nothing to run on one side"),
        ("a.py | | b.py", "nothing to run on one side"),
        ("report.ipynb --fast", "a notebook takes no arguments"),
        ("module:", "wants the name of a module"),
        ("module: a/b.py", "wants the name of a module"),
        ("score.py`", "a back-tick is opened and never closed"),
        ("echo 'a", "a single quote is opened and never closed"),
        ('echo "a', "a double quote is opened and never closed"),
    ],
)
def test_what_cannot_be_run(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_entrypoint(text, "python")


@given(some.text("ab.py |'\"\\`$&\n", max_size=40))
def test_any_text_is_either_steps_or_refused_with_words(text: str) -> None:
    try:
        steps = parse_entrypoint(text, "python")
    except ValueError as error:
        assert str(error)
    else:
        assert steps
