from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.deploy.pipeline import Deployer
from skafd.deploy.release import Deployable, RefusedDeploy, Result, Stage, Unchanged
from skafd.errors import BuildError
from skafd.model.environment import PreparedEnvironments
from skafd.model.project import Project
from tests.support.collector import LONGEST_WAIT_SECONDS, Collector
from tests.support.project_folder import CONFIG, make_project


class FakeEnvironments:
    """The requirements are the key. What they ask for is ready at once, but `slow...`, which waits to be released."""

    def __init__(self) -> None:
        self.started: Collector[str] = Collector()
        self.cancelled: Collector[str] = Collector()
        self.released = threading.Event()

    def wanted_by(self, folder: Path, snapshot_folder: Path, config: Project) -> str:  # noqa: ARG002
        path = snapshot_folder / "requirements.txt"
        return path.read_text() if path.exists() else "bare"

    def prepare(
        self, folder: Path, snapshot_folder: Path, config: Project, cancelled: threading.Event
    ) -> PreparedEnvironments:
        key = self.wanted_by(folder, snapshot_folder, config)
        self.started(key)
        if key == "broken":
            raise BuildError("no such package", "correct it")
        while key.startswith("slow") and not self.released.wait(0.01):
            if cancelled.is_set():
                self.cancelled(key)
                raise BuildError("cancelled")
        return PreparedEnvironments(key)


@pytest.fixture
def environments() -> FakeEnvironments:
    return FakeEnvironments()


@pytest.fixture
def results() -> Collector[Result]:
    return Collector()


@pytest.fixture
def deployer(tmp_path: Path, environments: FakeEnvironments, results: Collector[Result]) -> Iterator[Deployer]:
    deployer = Deployer(tmp_path / "deployments", environments, lambda _folder, config: config.name, results)
    yield deployer
    environments.released.set()
    deployer.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "churn")


def deploy(deployer: Deployer, results: Collector[Result], project: Path) -> Result:
    count = len(results.items)
    deployer.deploy(project)
    return results.wait_for(count + 1)[-1]


def test_a_good_project_becomes_deployable(
    deployer: Deployer, results: Collector[Result], project: Path, tmp_path: Path
) -> None:
    result = deploy(deployer, results, project)
    assert isinstance(result, Deployable)
    assert (result.folder, result.slug, result.environments.key) == (project, "churn", "bare")
    assert result.config.jobs[0].entrypoint == "main.py"
    assert result.snapshot.path == tmp_path / "deployments" / "churn" / result.snapshot.hash


def test_the_same_content_is_deployed_once(deployer: Deployer, results: Collector[Result], project: Path) -> None:
    first = deploy(deployer, results, project)
    assert isinstance(first, Deployable)
    assert deploy(deployer, results, project) == Unchanged(project, first.snapshot.hash)


def test_what_was_deployed_before_a_restart_is_not_deployed_again(
    deployer: Deployer, results: Collector[Result], project: Path
) -> None:
    first = deploy(deployer, results, project)
    assert isinstance(first, Deployable)
    deployer.forget(project)
    deployer.remember(project, first.snapshot.hash)
    assert isinstance(deploy(deployer, results, project), Unchanged)


def test_a_broken_config_is_refused_at_its_line_and_leaves_no_snapshot(
    deployer: Deployer, results: Collector[Result], project: Path, tmp_path: Path
) -> None:
    (project / "metis.config.yml").write_text(CONFIG.replace("entrypoint:", "entrypiont:"))
    result = deploy(deployer, results, project)
    assert isinstance(result, RefusedDeploy)
    assert result.stage is Stage.CONFIG
    assert "metis.config.yml:6:5" in result.message
    assert result.problems
    assert list((tmp_path / "deployments").rglob("main.py")) == []


def test_back_to_what_is_live_is_unchanged_and_not_refused(
    deployer: Deployer, results: Collector[Result], project: Path
) -> None:
    deploy(deployer, results, project)
    (project / "metis.config.yml").write_text("broken")
    assert isinstance(deploy(deployer, results, project), RefusedDeploy)
    (project / "metis.config.yml").write_text(CONFIG)
    assert isinstance(deploy(deployer, results, project), Unchanged)


def test_a_folder_without_a_config_is_refused(deployer: Deployer, results: Collector[Result], project: Path) -> None:
    (project / "metis.config.yml").unlink()
    result = deploy(deployer, results, project)
    assert isinstance(result, RefusedDeploy)
    assert result.stage is Stage.CONFIG


def test_a_folder_that_is_gone_is_refused(deployer: Deployer, results: Collector[Result], tmp_path: Path) -> None:
    result = deploy(deployer, results, tmp_path / "nowhere")
    assert isinstance(result, RefusedDeploy)
    assert (result.stage, "is gone" in result.message) == (Stage.SNAPSHOT, True)


def test_an_environment_that_cannot_be_built_is_refused_and_tried_again_at_the_next_save(
    deployer: Deployer, results: Collector[Result], project: Path, environments: FakeEnvironments
) -> None:
    (project / "requirements.txt").write_text("broken")
    for count in (1, 2):
        result = deploy(deployer, results, project)
        assert isinstance(result, RefusedDeploy)
        assert (result.stage, result.message, result.hint) == (Stage.ENVIRONMENT, "no such package", "correct it")
        assert len(environments.started.items) == count


def test_a_newer_save_with_another_environment_cancels_the_build(
    deployer: Deployer, results: Collector[Result], project: Path, environments: FakeEnvironments
) -> None:
    (project / "requirements.txt").write_text("slow one")
    deployer.deploy(project)
    environments.started.wait_for(1)
    (project / "requirements.txt").write_text("quick")
    deployer.deploy(project)
    environments.cancelled.wait_until_seen("slow one")
    (result,) = results.wait_for(1)
    assert isinstance(result, Deployable)
    assert result.environments.key == "quick"


def test_a_newer_save_with_the_same_environment_lets_the_build_go_on_and_is_the_one_that_goes_live(
    deployer: Deployer, results: Collector[Result], project: Path, environments: FakeEnvironments
) -> None:
    (project / "requirements.txt").write_text("slow")
    deployer.deploy(project)
    environments.started.wait_for(1)
    (project / "main.py").write_text("print('newer')\n")
    deployer.deploy(project)
    environments.started.wait_for(2)
    assert environments.cancelled.items == []
    environments.released.set()
    (result,) = results.wait_for(1)
    assert isinstance(result, Deployable)
    assert (result.snapshot.path / "main.py").read_text() == "print('newer')\n"
    deployer.close()
    assert len(results.items) == 1


def test_two_saves_of_the_same_content_at_the_same_time_are_one_deployment(
    tmp_path: Path, results: Collector[Result], project: Path
) -> None:
    class Environments(FakeEnvironments):
        """The second save waits before its environment is known."""

        asked: Collector[Path] = Collector()
        gate = threading.Event()

        def wanted_by(self, folder: Path, snapshot_folder: Path, config: Project) -> str:
            self.asked(snapshot_folder)
            if len(self.asked.items) == 3:
                self.gate.wait(LONGEST_WAIT_SECONDS)
            return super().wanted_by(folder, snapshot_folder, config)

    (project / "requirements.txt").write_text("slow")
    environments = Environments()
    deployer = Deployer(tmp_path / "deployments", environments, lambda _folder, config: config.name, results)
    deployer.deploy(project)
    environments.started.wait_for(1)
    deployer.deploy(project)
    environments.asked.wait_for(3)
    environments.released.set()
    results.wait_for(1)
    environments.gate.set()
    first, second = results.wait_for(2)
    assert isinstance(first, Deployable)
    assert isinstance(second, Unchanged)
    deployer.close()


def test_a_newer_save_that_is_broken_supersedes_too(
    deployer: Deployer, results: Collector[Result], project: Path, environments: FakeEnvironments
) -> None:
    (project / "requirements.txt").write_text("slow")
    deployer.deploy(project)
    environments.started.wait_for(1)
    (project / "metis.config.yml").write_text("broken")
    deployer.deploy(project)
    environments.cancelled.wait_for(1)
    (result,) = results.wait_for(1)
    assert isinstance(result, RefusedDeploy)
    assert result.stage is Stage.CONFIG


def test_a_slow_build_of_one_project_does_not_hold_up_another(
    deployer: Deployer, results: Collector[Result], project: Path, tmp_path: Path, environments: FakeEnvironments
) -> None:
    (project / "requirements.txt").write_text("slow")
    deployer.deploy(project)
    environments.started.wait_for(1)
    other = make_project(tmp_path / "other")
    assert isinstance(deploy(deployer, results, other), Deployable)


def test_a_project_that_is_forgotten_delivers_nothing_more(
    deployer: Deployer, results: Collector[Result], project: Path, environments: FakeEnvironments
) -> None:
    (project / "requirements.txt").write_text("slow")
    deployer.deploy(project)
    environments.started.wait_for(1)
    deployer.forget(project)
    environments.cancelled.wait_for(1)
    deployer.close()
    assert results.items == []


def test_many_saves_at_once_end_with_the_last_content(
    deployer: Deployer, results: Collector[Result], project: Path
) -> None:
    for number in range(20):
        (project / "main.py").write_text(f"print({number})\n")
        deployer.deploy(project)
    while True:
        deployer_result = deploy(deployer, results, project)
        if isinstance(deployer_result, Unchanged):
            break
    live = [result for result in results.items if isinstance(result, Deployable)][-1]
    assert (live.snapshot.path / "main.py").read_text() == "print(19)\n"


def test_a_fault_is_delivered_as_a_refusal(
    tmp_path: Path, results: Collector[Result], project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def slug_of(_folder: Path, _config: Project) -> str:
        raise KeyError("oh")

    deployer = Deployer(tmp_path / "deployments", FakeEnvironments(), slug_of, results)
    deployer.deploy(project)
    (result,) = results.wait_for(1)
    deployer.close()
    assert isinstance(result, RefusedDeploy)
    assert "a fault in skafd" in result.message
    assert "deploying" in caplog.text


def test_closing_waits_for_what_is_under_way(deployer: Deployer, project: Path, environments: FakeEnvironments) -> None:
    (project / "requirements.txt").write_text("slow")
    deployer.deploy(project)
    environments.started.wait_for(1)
    closing = threading.Thread(target=deployer.close)
    closing.start()
    closing.join(LONGEST_WAIT_SECONDS)
    assert not closing.is_alive()
    assert not any(thread.name.startswith("skafd-deploy") for thread in threading.enumerate())
