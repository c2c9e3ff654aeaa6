"""Conda environments for real, from a channel in a folder: no conda, nothing downloaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from skafd.environments import Asked, BuildCancelled, Environment, Environments
from skafd.environments.activation import FILE, activation_of
from skafd.environments.shelf import MARKER
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentKind, EnvironmentWish
from tests.support.collector import Collector
from tests.support.conda_channel import PLACEHOLDER, channels, make_channel, noarch_python
from tests.support.wheels import make_wheel

__all__ = ["channels"]


class Workshop:
    """A state folder for environments, and a snapshot that asks for packages of the channel."""

    def __init__(self, folder: Path, channels: Path) -> None:
        self.folder = folder / "environments"
        self.snapshot = folder / "snapshot"
        self.snapshot.mkdir()
        self.wheels = folder / "wheels"
        self.channel = (channels / "forge").as_uri()
        self.lines: Collector[str] = Collector()
        self.environments = Environments(self.folder, lambda _project, line: self.lines(line))

    def wants(self, *packages: str, more: str = "") -> None:
        dependencies = "".join(f"  - {package}\n" for package in packages)
        text = f"channels: [{self.channel}]\ndependencies:\n{dependencies}{more}"
        (self.snapshot / "environment.yml").write_text(text)

    def asked(self, python: str | None = None) -> Asked:
        return Asked(self.snapshot, self.snapshot, EnvironmentWish(python=python))

    def prepare(self, python: str | None = None, cancelled: threading.Event | None = None) -> Environment:
        return self.environments.prepare(self.asked(python), cancelled)


@pytest.fixture
def workshop(tmp_path: Path, channels: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(channels / "cache"))
    return Workshop(tmp_path, channels)


def says(environment: Environment, code: str) -> str:
    command = [str(environment.python), "-c", f"import sys; {code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout.strip()


def test_packages_are_solved_and_installed_with_no_conda_on_the_machine(workshop: Workshop) -> None:
    workshop.wants("python", "beta")
    environment = workshop.prepare()
    assert says(environment, "import alpha, beta; print(sys.prefix, alpha.version)") == f"{environment.path} 1.0"
    assert says(environment, "import sysconfig as s; print(s.get_config_var('prefix'))") == str(environment.path)
    assert environment.lock is not None
    assert environment.lock.kind is EnvironmentKind.CONDA
    assert environment.lock.versions.keys() == {"python", "alpha", "beta"}
    assert any(line.startswith("solved: 3 packages") for line in workshop.lines.items)
    assert any(line.startswith("installed 3 of 3") for line in workshop.lines.items)


def test_the_next_time_it_is_found(workshop: Workshop) -> None:
    workshop.wants("beta")
    environment = workshop.prepare()
    told = len(workshop.lines.items)
    assert workshop.prepare() == environment
    assert len(workshop.lines.items) == told


def test_packages_that_are_named_without_a_file_are_the_same_environment(workshop: Workshop) -> None:
    workshop.wants("beta")
    environment = workshop.prepare()
    wish = EnvironmentWish(conda_packages=("beta",), conda_channels=(workshop.channel,))
    assert workshop.environments.prepare(Asked(workshop.snapshot, workshop.snapshot, wish)) == environment


def test_environments_share_the_packages_on_disk(workshop: Workshop) -> None:
    workshop.wants("beta")
    first = workshop.prepare()
    workshop.wants("alpha 2.*")
    second = workshop.prepare()
    module = next(first.path.glob("lib/python*/os.py")).relative_to(first.path)
    assert (first.path / module).stat().st_ino == (second.path / module).stat().st_ino


def test_the_prefix_is_put_into_text_and_into_programs(workshop: Workshop) -> None:
    workshop.wants("gdal")
    environment = workshop.prepare()
    content = (environment.bin / "gdal").read_bytes()
    assert f"{environment.path}/share\0".encode() in content
    assert len(content) == len(f"\0{PLACEHOLDER}/share\0")


def test_activation_scripts_set_what_jobs_see(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_GDAL", "1")
    workshop.wants("gdal", more="variables: {OMP_NUM_THREADS: 2}\n")
    environment = workshop.prepare()
    found = activation_of(environment.path).apply({"PATH": "/bin", "OLD_GDAL": "1"}, "")
    assert found == {
        "PATH": f"{environment.path}/opt/gdal:{environment.path}/bin:/bin",
        "CONDA_PREFIX": str(environment.path),
        "CONDA_DEFAULT_ENV": str(environment.path),
        "CONDA_SHLVL": "1",
        "GDAL_DATA": f"{environment.path}/share/gdal",
        "OMP_NUM_THREADS": "2",
    }


def test_a_channel_is_known_by_its_name_where_an_alias_is_set(
    workshop: Workshop, channels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", channels.as_uri())
    (workshop.snapshot / "environment.yml").write_text("channels: [forge]\ndependencies: [alpha]\n")
    assert says(workshop.prepare(), "import alpha; print(alpha.version)") == "2.0"


def test_pip_adds_to_what_conda_installed(workshop: Workshop) -> None:
    make_wheel(workshop.wheels, "gamma", "1.5", requires=("alpha",))
    make_wheel(workshop.wheels, "delta", "1.0", requires=("skafossdk>=1",))
    make_wheel(workshop.snapshot / "vendored", "epsilon", "3.0")
    (workshop.snapshot / "requirements.txt").write_text("delta\n./vendored/epsilon-3.0-py3-none-any.whl\n")
    pip = f"  - pip:\n    - --no-index\n    - --find-links {workshop.wheels}\n    - gamma\n    - skafossdk==1.0.0\n"
    workshop.wants("alpha 1.*", more=pip)
    environment = workshop.prepare()
    code = "import alpha, gamma, delta, epsilon; print(alpha.version, gamma.version, delta.version, epsilon.version)"
    assert says(environment, code) == "1.0 1.5 1.0 3.0"
    assert environment.lock is not None
    assert {"gamma==1.5", "delta==1.0"} <= {*environment.lock.packages}
    assert any("skafossdk==1.0.0 is provided by skafd" in line for line in workshop.lines.items)


def test_the_same_lock_makes_the_same_environment_when_the_channel_has_moved_on(
    workshop: Workshop, tmp_path: Path, channels: Path
) -> None:
    shutil.copytree(channels / "forge", tmp_path / "moving")
    workshop.channel = (tmp_path / "moving").as_uri()
    workshop.wants("alpha")
    environment = workshop.prepare()
    make_channel(tmp_path / "moving", noarch_python("alpha", "9.0"))
    shutil.rmtree(environment.path)
    again = workshop.environments.prepare(workshop.asked(), lock=environment.lock)
    assert again == environment
    assert says(again, "import alpha; print(alpha.version)") == "2.0"


@pytest.mark.parametrize(
    ("packages", "said"),
    [
        (("greedy",), "greedy 1.0 would require"),
        (("beta", "alpha 2.*"), "beta"),
        (("no-such-package",), "No candidates were found for no-such-package"),
        (("alpha ==]",), "is no package that can be looked for"),
    ],
)
def test_what_cannot_be_had_is_explained_and_leaves_nothing(
    workshop: Workshop, packages: tuple[str, ...], said: str
) -> None:
    workshop.wants(*packages)
    with pytest.raises(BuildError) as caught:
        workshop.prepare()
    assert said in caught.value.message
    assert caught.value.hint
    assert [path.name for path in workshop.folder.iterdir() if not path.name.startswith(".")] == []


def test_a_channel_that_is_not_there_is_named(workshop: Workshop, tmp_path: Path) -> None:
    workshop.channel = (tmp_path / "nowhere").as_uri()
    workshop.wants("alpha")
    with pytest.raises(BuildError, match="nowhere"):
        workshop.prepare()


def test_the_interpreter_of_the_config_counts(workshop: Workshop) -> None:
    workshop.wants("alpha")
    with pytest.raises(BuildError, match=r"python 2\.7\.\*"):
        workshop.prepare(python="2.7")
    with pytest.raises(BuildError, match="cannot be had from a conda channel"):
        workshop.prepare(python="/usr/bin/python3")


def test_without_the_extra_it_is_said_how_to_get_it(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.wants("alpha")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(BuildError) as caught:
        workshop.prepare()
    assert caught.value.hint == "pip install 'skafd[conda]'"


def test_an_install_that_is_cancelled_ends_and_the_next_one_works(workshop: Workshop) -> None:
    workshop.wants("hanging")
    cancelled = threading.Event()
    caught: Collector[BaseException] = Collector()

    def build() -> None:
        try:
            workshop.prepare(cancelled=cancelled)
        except BuildCancelled as error:
            caught(error)

    thread = threading.Thread(target=build)
    thread.start()
    workshop.lines.wait_until(lambda line: line.startswith("installed 2 of 2"))
    cancelled.set()
    thread.join()
    assert len(caught.items) == 1
    assert [path.name for path in workshop.folder.iterdir() if not path.name.startswith(".")] == []
    workshop.wants("alpha")
    assert says(workshop.prepare(), "print('ok')") == "ok"


def test_half_an_environment_is_made_anew(workshop: Workshop) -> None:
    workshop.wants("gdal")
    environment = workshop.prepare()
    (environment.path / MARKER).unlink()
    (environment.path / FILE).unlink()
    shutil.rmtree(environment.path / "conda-meta")
    assert says(workshop.prepare(), "print('ok')") == "ok"
    assert json.loads((environment.path / FILE).read_text())["set"]["CONDA_PREFIX"] == str(environment.path)
