"""The watcher, the pipeline and real environments together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.daemon.changes import Changes
from skafd.daemon.environment_builds import EnvironmentBuilds
from skafd.deploy import Deployable, Deployer, RefusedDeploy, Result, Unchanged, Watcher
from skafd.environments import Environments
from skafd.environments.runner import PlainRunner
from skafd.home import Home
from skafd.store import Database
from tests.support.collector import Collector
from tests.support.project_folder import CONFIG, make_project
from tests.support.wheels import make_wheel


class Line:
    """One project from its folder to results."""

    def __init__(self, folder: Path) -> None:
        self.project = make_project(folder / "churn")
        home = Home(folder)
        self.database = Database.open(home.database)
        self.environments = Environments(home.environments)
        builds = EnvironmentBuilds(home, self.database, Changes(), PlainRunner())
        self.results: Collector[Result] = Collector()
        self.deployer = Deployer(home.deployments, builds, lambda _folder, config: config.name, self.results)
        self.watcher = Watcher(self.deployer.deploy)
        self.watcher.watch(self.project)
        self.deployer.deploy(self.project)
        self.results.wait_for(1)

    def save(self, name: str, text: str) -> Result:
        count = len(self.results.items)
        (self.project / name).write_text(text)
        return self.results.wait_for(count + 1)[-1]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path)
    yield line
    line.watcher.close()
    line.deployer.close()
    line.database.close()


def test_a_save_becomes_deployable_with_the_same_environment(line: Line) -> None:
    first = line.results.items[0]
    second = line.save("main.py", "print('new')\n")
    assert isinstance(first, Deployable)
    assert isinstance(second, Deployable)
    assert second.snapshot.hash != first.snapshot.hash
    assert second.environments.key == first.environments.key
    assert line.environments.find(second.environments.key) is not None


def test_saving_the_same_again_is_no_deployment(line: Line) -> None:
    assert isinstance(line.save("main.py", (line.project / "main.py").read_text()), Unchanged)


def test_a_broken_save_is_refused_and_the_repaired_one_goes_on(line: Line) -> None:
    refused = line.save("metis.config.yml", CONFIG.replace("main.py", "mian.py"))
    assert isinstance(refused, RefusedDeploy)
    assert "did you mean `main.py`" in refused.message
    assert isinstance(line.save("metis.config.yml", CONFIG), Unchanged)


def test_taking_a_snapshot_does_not_set_off_another(line: Line) -> None:
    line.save("main.py", "print('new')\n")
    line.save("main.py", "print('newer')\n")
    assert len(line.results.items) == 3


def test_requirements_that_cannot_be_met_are_refused(line: Line) -> None:
    refused = line.save("requirements.txt", "--no-index\nno-such-package-at-all\n")
    assert isinstance(refused, RefusedDeploy)
    assert "no-such-package-at-all" in refused.message


def test_two_jobs_of_a_project_may_differ(line: Line, tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "alpha", "1.0")
    make_wheel(tmp_path / "wheels", "alpha", "2.0")
    wheels = f"--find-links {tmp_path / 'wheels'}"
    second = f"  - name: old\n    entrypoint: main.py\n    requirements: [--no-index, {wheels}, alpha<2]\n"
    line.save("requirements.txt", f"--no-index\n{wheels}\nalpha\n")
    result = line.save("metis.config.yml", CONFIG + second)
    assert isinstance(result, Deployable)
    ((job, key),) = result.environments.others
    locks = dict(result.environments.locks)
    assert job == "old"
    assert locks[key].versions == {"alpha": "1.0"}
    assert locks[result.environments.key].versions == {"alpha": "2.0"}
