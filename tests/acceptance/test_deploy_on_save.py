"""Save a file, and the new version is live: exactly one, and nothing that is saved takes the old one down."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.deploy.test_save_patterns import NEW, nano, pycharm, vim, vs_code
from tests.support.installed import Installed
from tests.support.live import LiveDaemon

OLD = "print('old')\n"
CONFIG = "name: {name}\njobs:\n  - {{name: it, entrypoint: it.py, on_deploy: wait}}\n"
SLEEPER = (
    "import os, time\nopen(os.environ['MARK'], 'a').write(os.environ['SKAFD_DEPLOYMENT'] + '\\n')\ntime.sleep(600)\n"
)


@pytest.fixture(scope="module")
def shared() -> Iterator[LiveDaemon]:
    """One daemon for all tests whose projects do not get in each other's way."""
    with Installed() as installed:
        installed.ok("up", "--detach")
        yield LiveDaemon(installed)


@pytest.fixture
def live(installed: Installed) -> LiveDaemon:
    """A daemon for one test."""
    installed.ok("up", "--detach")
    return LiveDaemon(installed)


def write(live: LiveDaemon, name: str, **files: str) -> Path:
    texts = {"metis.config.yml": CONFIG.format(name=Path(name).name), "it.py": OLD, **files}
    return live.installed.write_project(name, texts)


def start(live: LiveDaemon, name: str) -> Path:
    """A project whose first version is live."""
    folder = write(live, name)
    live.up(folder)
    assert live.deployments(name) == [1]
    return folder


def count_after(live: LiveDaemon, folder: Path) -> int:
    """How many versions there are when one more save has gone live: what came before it has been seen too."""
    (folder / "marker.txt").write_text("after")
    return live.wait_until_live(folder.name, "marker.txt", "after") - 1


# --- editors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("save", [vim, vs_code, nano, pycharm])
def test_a_save_is_one_deployment_whatever_the_editor_does(shared: LiveDaemon, save: Callable[[Path], None]) -> None:
    name = f"saved-by-{save.__name__.replace('_', '-')}"
    folder = start(shared, name)
    save(folder / "it.py")
    assert shared.wait_until_live(name, "it.py", NEW) == 2
    assert count_after(shared, folder) == 2


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *author, *arguments], check=True, capture_output=True)


def test_a_change_of_branch_is_one_deployment(shared: LiveDaemon) -> None:
    folder = write(shared, "branches")
    git(folder, "init", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "old")
    git(folder, "checkout", "-b", "next")
    (folder / "it.py").write_text(NEW)
    (folder / "package").mkdir()
    for number in range(200):
        (folder / "package" / f"module_{number}.py").write_text(f"NUMBER = {number}\n")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "new")
    git(folder, "checkout", "main")
    shared.up(folder)

    git(folder, "checkout", "next")
    assert shared.wait_until_live("branches", "it.py", NEW) == 2
    assert len(list((shared.live_folder("branches") / "package").iterdir())) == 200
    git(folder, "checkout", "main")
    assert shared.wait_until_live("branches", "it.py", OLD) == 3
    assert count_after(shared, folder) == 3


def test_saving_what_is_there_already_is_no_deployment(shared: LiveDaemon) -> None:
    folder = start(shared, "unchanged")
    for _ in range(2):
        (folder / "it.py").write_text(OLD)
        os.utime(folder / "it.py")
    beside = folder / "it.py.new"
    beside.write_text(OLD)
    beside.rename(folder / "it.py")
    assert count_after(shared, folder) == 1
    (result,) = shared.client.up([folder])
    assert (result["outcome"], result["deployment"]) == ("unchanged", 2)


# --- what cannot go live --------------------------------------------------------------------------------


def test_a_broken_save_leaves_the_old_version_live_and_says_where_it_is_broken(shared: LiveDaemon) -> None:
    folder = start(shared, "broken")
    config = folder / "metis.config.yml"
    good = config.read_text()
    config.write_text(good.replace("entrypoint", "entrypiont"))
    problem = shared.wait_for_problem("broken", "entrypiont")
    assert problem["stage"] == "config"
    assert (problem["details"][0]["line"], problem["details"][0]["column"]) == (3, 16)
    shown = shared.installed.ok("status", "--once")
    assert "metis.config.yml:3:16" in shown
    assert "entrypoint" in shown
    assert shared.deployments("broken") == [1]
    assert shared.installed.command("run", "broken", "--wait").returncode == 0

    (folder / "it.py").write_text(NEW)
    config.write_text(good)
    shared.wait_until_live("broken", "it.py", NEW)
    assert shared.project("broken")["problem"] is None


def test_taking_a_mistake_back_clears_it(shared: LiveDaemon) -> None:
    folder = start(shared, "undone")
    config = folder / "metis.config.yml"
    good = config.read_text()
    config.write_text("jobs: [")
    shared.wait_for_problem("undone", "metis.config.yml:1")
    config.write_text(good)
    shared.wait_for("the problem to be gone", lambda: shared.project("undone")["problem"] is None)
    assert shared.deployments("undone") == [1]


def test_a_project_that_is_broken_at_first_is_known_and_goes_live_under_its_name(shared: LiveDaemon) -> None:
    folder = write(shared, "at-first", **{"metis.config.yml": "name: later\njobs: 3\n"})
    done = shared.installed.command("up", folder, "--detach")
    assert done.returncode == 1
    assert "metis.config.yml:2" in done.stdout
    assert shared.project("at-first")["deployment"] is None
    (folder / "metis.config.yml").write_text(CONFIG.format(name="later"))
    assert shared.wait_until_live("later", "it.py", OLD) == 1
    assert shared.installed.command("run", "later", "--wait").returncode == 0


def test_a_refused_version_is_not_called_unchanged_when_it_is_saved_again(shared: LiveDaemon) -> None:
    """Requirements that do not exist: the same save is tried again and refused again."""
    folder = start(shared, "refused")
    (folder / "requirements.txt").write_text("./no-such-package\n")
    for _ in range(2):
        (result,) = shared.client.up([folder])
        assert result["outcome"] == "refused"
    problem = shared.project("refused")["problem"]
    assert problem["stage"] == "environment"
    assert shared.live_number("refused") == 1


# --- folders that come and go ---------------------------------------------------------------------------


def test_a_folder_that_is_deleted_and_restored(shared: LiveDaemon) -> None:
    folder = start(shared, "deleted")
    kept = shared.installed.root / "kept"
    shutil.copytree(folder, kept)
    shutil.rmtree(folder)
    shared.wait_for_problem("deleted", str(folder))
    assert shared.live_number("deleted") == 1
    # Asking for it meanwhile must not make skafd take it for something else.
    (result,) = (one for one in shared.client.up([]) if one["folder"] == str(folder))
    assert result["outcome"] == "refused"

    (kept / "it.py").write_text(NEW)
    shutil.copytree(kept, folder)
    shared.wait_until_live("deleted", "it.py", NEW)
    assert shared.project("deleted")["problem"] is None
    (folder / "it.py").write_text(OLD)
    shared.wait_until_live("deleted", "it.py", OLD)


def test_a_folder_that_is_deleted_while_skafd_is_down_is_said_to_be_gone(live: LiveDaemon) -> None:
    folder = start(live, "away")
    live.installed.ok("down")
    away = folder.rename(live.installed.root / "away")
    done = live.installed.command("up", "--detach")
    assert done.returncode == 1
    assert str(folder) in done.stdout
    assert str(folder) in live.wait_for_problem("away", str(folder))["text"]
    assert live.installed.command("run", "away", "--wait").returncode == 0, "what is live needs no folder"
    away.rename(folder)
    live.wait_for("it to be back", lambda: live.project("away")["problem"] is None)
    assert live.deployments("away") == [1]


def test_projects_that_appear_in_a_watched_folder_are_deployed_also_after_a_restart(live: LiveDaemon) -> None:
    parent = live.installed.projects
    first = write(live, "team/first")
    live.up(parent)
    assert live.live_number("first") == 1

    write(live, "team/second")
    live.wait_for("the second project", lambda: live.is_live("second"))
    live.installed.ok("down")
    write(live, "team/while-down")
    live.installed.ok("up", "--detach")
    live.wait_for("what appeared while skafd was down", lambda: live.is_live("while-down"))
    write(live, "team/third")
    live.wait_for("the third project", lambda: live.is_live("third"))
    (first / "it.py").write_text(NEW)
    assert live.wait_until_live("first", "it.py", NEW) == 2


def test_a_watched_folder_that_becomes_a_project_itself_is_deployed_on_save(shared: LiveDaemon) -> None:
    folder = shared.installed.projects / "becoming"
    folder.mkdir()
    done = shared.installed.command("up", folder, "--detach")
    assert done.returncode == 1
    assert "holds no metis.config.yml" in done.stdout
    write(shared, "becoming")
    assert shared.wait_for("the new project", lambda: shared.is_live("becoming"))
    (folder / "it.py").write_text(NEW)
    shared.wait_until_live("becoming", "it.py", NEW)


# --- identities -----------------------------------------------------------------------------------------


def test_two_folders_with_one_token_are_refused_with_the_name_of_the_first(shared: LiveDaemon) -> None:
    token = "project_token: 136056c2ac6d9e2f35a7b050\n"
    first = write(shared, "original", **{"metis.config.yml": token + CONFIG.format(name="original")})
    shared.up(first)
    copy = shared.installed.projects / "copy"
    shutil.copytree(first, copy)
    done = shared.installed.command("up", copy, "--detach")
    assert done.returncode == 1
    assert f"has the project token of original, which is in {first}" in done.stdout
    assert "another project_token" in done.stdout
    assert "has the project token of original" in shared.project("copy")["problem"]["text"]
    assert shared.deployments("original") == [1]

    (copy / "metis.config.yml").write_text(CONFIG.format(name="copy"))
    assert shared.wait_until_live("copy", "it.py", OLD) == 1


def test_another_token_is_another_project_and_the_old_one_comes_back_with_its_own(shared: LiveDaemon) -> None:
    def config(token: str) -> str:
        return f"project_token: {token}\n{CONFIG.format(name='tokens')}"

    folder = write(shared, "tokens", **{"metis.config.yml": config("first")})
    shared.up(folder)
    assert shared.installed.command("run", "tokens", "--wait").returncode == 0
    (folder / "metis.config.yml").write_text(config("second"))
    assert shared.wait_until_live("tokens-2", "metis.config.yml", config("second")) == 1
    here = [one["project"] for one in shared.client.status()["projects"] if one["path"] == str(folder)]
    assert here == ["tokens-2"], "a folder is one project"

    (folder / "metis.config.yml").write_text(config("first"))
    (folder / "it.py").write_text(NEW)
    assert shared.wait_until_live("tokens", "it.py", NEW) == 2
    assert [run["run"] for run in shared.runs("tokens")] == ["tokens/1"]


def test_two_projects_with_one_name_have_short_names_of_their_own(shared: LiveDaemon) -> None:
    folders = [write(shared, name, **{"metis.config.yml": CONFIG.format(name="twin")}) for name in ("one", "two")]
    for folder in folders:
        shared.up(folder)
    assert [shared.project(str(folder))["project"] for folder in folders] == ["twin", "twin-2"]
    for slug in ("twin", "twin-2"):
        assert shared.installed.command("run", slug, "--wait").returncode == 0
    said = shared.installed.command("status", "twin-3").stderr + shared.installed.command("runs", "twin-3").stderr
    assert "twin-3" in said


# --- versions -------------------------------------------------------------------------------------------


def test_after_a_rollback_the_next_save_is_the_next_version(shared: LiveDaemon) -> None:
    folder = start(shared, "back")
    (folder / "it.py").write_text(NEW)
    assert shared.wait_until_live("back", "it.py", NEW) == 2
    assert "#1" in shared.installed.ok("rollback", "back")
    assert shared.live_number("back") == 1
    assert shared.live_folder("back").joinpath("it.py").read_text() == OLD
    refused = shared.installed.command("rollback", "back", "1")
    assert refused.returncode == 1
    assert "is live already" in refused.stderr

    (folder / "it.py").write_text("print('newest')\n")
    assert shared.wait_until_live("back", "it.py", "print('newest')\n") == 3
    assert shared.runs("back") == [], "nothing of this runs by itself"


def test_restart_all_restarts_what_runs(shared: LiveDaemon) -> None:
    mark = shared.installed.root / "mark"
    config = f"update_policy: restart_all\nenv: {{MARK: {mark}}}\n" + CONFIG.format(name="restart")
    folder = write(shared, "restart", **{"metis.config.yml": config, "it.py": SLEEPER})
    shared.up(folder)
    shared.client.start_run("restart")
    shared.wait_for("the job to run", lambda: mark.exists() and mark.read_text() == "1\n")
    (folder / "it.py").write_text(SLEEPER + "\n")
    shared.wait_for("the job to run anew", lambda: mark.read_text() == "1\n2\n")
    first, second = shared.runs("restart")
    assert (first["state"], first["deployment"]) == ("cancelled", 1)
    assert (second["state"], second["deployment"], second["cause"]) == ("running", 2, "deploy")
    shared.client.kill("restart")
    assert shared.wait_for_run("restart/2")["summary"]["state"] == "cancelled"
