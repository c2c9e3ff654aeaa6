"""Environments built for real by uv: from a folder of wheels, and once from the index."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from skafd.environments import Asked, BuildCancelled, Environment, Environments
from skafd.environments.shelf import MARKER
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentWish
from tests.support.collector import Collector
from tests.support.pythons import need_python
from tests.support.wheels import make_wheel

SDK = Path(__file__).resolve().parents[3] / "skafd" / "sdk"


class Workshop:
    """A state folder for environments, a snapshot, and wheels to install from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "environments"
        self.snapshot = folder / "snapshot"
        self.snapshot.mkdir()
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        self.lines: Collector[str] = Collector()
        self.environments = Environments(self.folder, lambda _project, line: self.lines(line))

    def wants(self, *lines: str) -> None:
        text = "\n".join(("--no-index", f"--find-links {self.wheels}", *lines))
        (self.snapshot / "requirements.txt").write_text(text)

    def prepare(self, python: str | None = None, cancelled: threading.Event | None = None) -> Environment:
        environment = self.environments.prepare(self.asked(python), cancelled)
        assert environment == self.environments.find(environment.key)
        return environment

    def asked(self, python: str | None = None) -> Asked:
        return Asked(self.snapshot, self.snapshot, EnvironmentWish(python=python))


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def says(environment: Environment, code: str) -> str:
    command = [str(environment.python), "-c", f"import sys; {code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout.strip()


def test_a_project_without_requirements_gets_a_bare_environment_of_our_python(workshop: Workshop) -> None:
    environment = workshop.prepare()
    assert says(environment, "print(sys.prefix)") == str(environment.path)
    assert says(environment, "import importlib.util as u; print(u.find_spec('watchdog'))") == "None"


def test_requirements_are_installed_and_the_next_time_found(workshop: Workshop) -> None:
    make_wheel(workshop.wheels, "alpha", "1.5")
    workshop.wants("alpha")
    environment = workshop.prepare()
    assert says(environment, "import alpha; print(alpha.version)") == "1.5"
    assert any("alpha==1.5" in line for line in workshop.lines.items)
    built = len(workshop.lines.items)
    assert workshop.prepare() == environment
    assert len(workshop.lines.items) == built


def test_constraints_hold(workshop: Workshop) -> None:
    for version in ("1.0", "2.0"):
        make_wheel(workshop.wheels, "alpha", version)
    (workshop.snapshot / "limits.txt").write_text("alpha<2\n")
    workshop.wants("-c limits.txt", "alpha")
    assert says(workshop.prepare(), "import alpha; print(alpha.version)") == "1.0"


def test_the_sdk_is_never_looked_up_not_even_for_another_package(workshop: Workshop) -> None:
    make_wheel(workshop.wheels, "skafossdk", "99.0")
    make_wheel(workshop.wheels, "alpha", requires=("skafossdk>=1.0",))
    workshop.wants("skafossdk==99.0", "alpha")
    environment = workshop.prepare()
    assert says(environment, "import alpha, importlib.util as u; print(u.find_spec('skafossdk'))") == "None"
    assert "provided by skafd" in workshop.lines.items[0]


def test_a_package_that_does_not_exist_is_named_and_leaves_nothing(workshop: Workshop) -> None:
    workshop.wants("no-such-package-at-all")
    with pytest.raises(BuildError, match="no-such-package-at-all"):
        workshop.prepare()
    assert [path.name for path in workshop.folder.iterdir() if not path.name.startswith(".")] == []


def test_code_of_the_project_itself_is_installed_from_a_copy(workshop: Workshop) -> None:
    make_wheel(workshop.snapshot / "vendored", "alpha", "3.0")
    workshop.wants("./vendored/alpha-3.0-py3-none-any.whl")
    assert says(workshop.prepare(), "import alpha; print(alpha.version)") == "3.0"


def test_a_half_built_environment_is_built_anew(workshop: Workshop) -> None:
    environment = workshop.prepare()
    (environment.path / MARKER).unlink()
    (environment.path / "bin" / "python").unlink()
    assert workshop.environments.find(environment.key) is None
    assert says(workshop.prepare(), "print('ok')") == "ok"


def test_an_environment_whose_interpreter_is_gone_is_built_anew(workshop: Workshop) -> None:
    environment = workshop.prepare()
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python")
    assert says(workshop.prepare(), "print('ok')") == "ok"


def test_many_that_want_the_same_environment_at_once_get_one_build(workshop: Workshop) -> None:
    make_wheel(workshop.wheels, "alpha")
    workshop.wants("alpha")
    got: Collector[Environment] = Collector()
    threads = [threading.Thread(target=lambda: got(workshop.prepare())) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got.items)) == 1
    assert len([line for line in workshop.lines.items if "+ alpha" in line]) == 1


def test_waiting_for_somebody_elses_build_can_be_cancelled(workshop: Workshop) -> None:
    cancelled = threading.Event()
    cancelled.set()
    inputs = workshop.environments.inputs_of(workshop.asked())
    with workshop.environments._alone(inputs, threading.Event()), pytest.raises(BuildCancelled):
        workshop.prepare(cancelled=cancelled)


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.11", "3.13"])
def test_pythons_are_found_where_they_are_installed_and_have_the_sdk(workshop: Workshop, version: str) -> None:
    make_wheel(workshop.wheels, "alpha")
    workshop.wants("alpha", "skafossdk>=1.1.9")
    environment = workshop.prepare(python=need_python(version))
    code = f"sys.path.insert(0, {str(SDK)!r}); import alpha, skafossdk; print('%d.%d' % sys.version_info[:2])"
    assert says(environment, code) == version


def test_a_python_that_is_not_there_is_refused_with_those_that_are(workshop: Workshop) -> None:
    with pytest.raises(BuildError, match=r"python: '3\.99'") as caught:
        workshop.prepare(python="3.99")
    assert "ask for one that is here: 3." in (caught.value.hint or "")


def test_a_package_comes_from_the_index(workshop: Workshop) -> None:
    (workshop.snapshot / "requirements.txt").write_text("six==1.16.0\n")
    try:
        environment = workshop.prepare()
    except BuildError as error:
        if error.hint and "cannot be reached" in error.hint:
            pytest.skip("the package index cannot be reached from here")
        raise
    assert says(environment, "import six; print(six.__version__)") == "1.16.0"
