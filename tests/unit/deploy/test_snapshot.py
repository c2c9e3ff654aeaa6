from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skafd.deploy import survey as survey_module
from skafd.deploy.snapshot import Snapshot, Snapshotter, discard_leftovers, take
from skafd.errors import DeployError
from tests.support.project_folder import make_project, tree_of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "churn")


@pytest.fixture
def deployments(tmp_path: Path) -> Path:
    return tmp_path / "deployments"


def again(snapshotter: Snapshotter) -> Snapshot:
    return snapshotter.place(snapshotter.stage(snapshotter.survey()), "churn")


def test_a_snapshot_is_a_copy_under_its_hash(project: Path, deployments: Path) -> None:
    snapshot = take(project, deployments, "churn")
    assert snapshot.path == deployments / "churn" / snapshot.hash
    assert tree_of(snapshot.path) == {"main.py", "metis.config.yml"}
    assert (snapshot.path / "main.py").read_text() == "print('hello')\n"
    assert snapshot.files == 2
    assert snapshot.is_new


def test_the_copy_is_read_only_and_keeps_the_x_bit(project: Path, deployments: Path) -> None:
    (project / "run.sh").write_text("#!/bin/sh\n")
    (project / "run.sh").chmod(0o755)
    snapshot = take(project, deployments, "churn")
    assert stat.S_IMODE((snapshot.path / "main.py").stat().st_mode) == 0o444
    assert stat.S_IMODE((snapshot.path / "run.sh").stat().st_mode) == 0o555


def test_the_same_content_is_the_same_snapshot(project: Path, deployments: Path) -> None:
    first = take(project, deployments, "churn")
    (project / "main.py").write_text("print('hello')\n")
    second = take(project, deployments, "churn")
    assert (second.hash, second.is_new) == (first.hash, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "main.py").write_text("print('bye')\n"),
        lambda folder: (folder / "main.py").chmod(0o755),
        lambda folder: (folder / "main.py").rename(folder / "other.py"),
        lambda folder: (folder / "new.py").touch(),
        lambda folder: (folder / "out").mkdir(),
        lambda folder: (folder / "link.py").symlink_to("main.py"),
    ],
    ids=["content", "x-bit", "name", "new file", "new folder", "new link"],
)
def test_each_kind_of_change_changes_the_hash(
    project: Path, deployments: Path, change: Callable[[Path], object]
) -> None:
    before = take(project, deployments, "churn")
    change(project)
    assert take(project, deployments, "churn").hash != before.hash


def test_only_what_changed_takes_new_space(project: Path, deployments: Path) -> None:
    snapshotter = Snapshotter(project, deployments)
    first = again(snapshotter)
    (project / "main.py").write_text("print('changed')\n")
    second = again(snapshotter)
    assert (second.path / "metis.config.yml").samefile(first.path / "metis.config.yml")
    assert not (second.path / "main.py").samefile(first.path / "main.py")
    assert (first.path / "main.py").read_text() == "print('hello')\n"


def test_a_snapshot_whose_predecessor_was_removed_is_whole(project: Path, deployments: Path) -> None:
    snapshotter = Snapshotter(project, deployments)
    first = again(snapshotter)
    (project / "main.py").write_text("print('changed')\n")
    for path in (first.path / "main.py", first.path / "metis.config.yml"):
        path.unlink()
    assert tree_of(again(snapshotter).path) == {"main.py", "metis.config.yml"}


def test_empty_folders_are_part_of_it(project: Path, deployments: Path) -> None:
    (project / "out").mkdir()
    assert (take(project, deployments, "churn").path / "out").is_dir()


def test_ignored_paths_are_left_out_and_named_to_be_linked(project: Path, deployments: Path) -> None:
    (project / ".gitignore").write_text("data/\n*.bin\n__pycache__/\n")
    for folder in ("data/deep", "models", "__pycache__", ".git"):
        (project / folder).mkdir(parents=True)
    (project / "data" / "deep" / "x.csv").touch()
    (project / "models" / "m.bin").touch()
    snapshot = take(project, deployments, "churn")
    assert snapshot.linked == ("data", "models/m.bin")
    assert tree_of(snapshot.path) == {".gitignore", "main.py", "metis.config.yml"}
    assert (snapshot.path / "models").is_dir()


def test_a_link_inside_the_project_leads_to_the_copy(project: Path, deployments: Path) -> None:
    (project / "src").mkdir()
    (project / "src" / "absolute.py").symlink_to(project / "main.py")
    (project / "src" / "relative.py").symlink_to("../main.py")
    snapshot = take(project, deployments, "churn")
    for name in ("absolute.py", "relative.py"):
        assert (snapshot.path / "src" / name).resolve() == (snapshot.path / "main.py").resolve()
    assert snapshot.warnings == ()


@pytest.mark.parametrize("is_absolute", [True, False])
def test_a_link_out_of_the_project_still_leads_there_and_is_warned_of(
    project: Path, deployments: Path, is_absolute: bool
) -> None:
    shared = project.parent / "shared.py"
    shared.write_text("x = 1\n")
    (project / "shared.py").symlink_to(shared if is_absolute else "../shared.py")
    snapshot = take(project, deployments, "churn")
    assert (snapshot.path / "shared.py").resolve() == shared.resolve()
    assert snapshot.warnings == (
        f"shared.py is a link to {shared}, outside the project: what is there is not deployed",
    )


def test_a_link_that_leads_nowhere_is_kept(project: Path, deployments: Path) -> None:
    (project / "later.csv").symlink_to("out/later.csv")
    assert (take(project, deployments, "churn").path / "later.csv").is_symlink()


def test_pipes_and_sockets_are_left_out_with_a_warning_and_never_opened(project: Path, deployments: Path) -> None:
    os.mkfifo(project / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(project / "s"))
        snapshot = take(project, deployments, "churn")
    assert tree_of(snapshot.path) == {"main.py", "metis.config.yml"}
    assert [warning.split(" ")[0] for warning in snapshot.warnings] == ["pipe", "s"]


def test_names_that_are_no_text_are_kept(project: Path, deployments: Path) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    (project / name).write_text("1")
    assert (take(project, deployments, "churn").path / name).read_text() == "1"


def test_a_file_that_keeps_changing_is_named(project: Path, deployments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = survey_module.os.open

    def written_to_while_it_is_read(path: Path, flags: int) -> int:
        descriptor = read(path, flags)
        with path.open("a") as stream:
            stream.write("more\n")
        return descriptor

    monkeypatch.setattr(survey_module.os, "open", written_to_while_it_is_read)
    monkeypatch.setattr("skafd.deploy.snapshot._PAUSE_SECONDS", 0)
    with pytest.raises(DeployError, match=r"main\.py keeps changing") as caught:
        Snapshotter(project, deployments).survey()
    assert ".skafosignore" in (caught.value.hint or "")


def test_a_file_that_changed_once_while_it_was_read_is_read_again(
    project: Path, deployments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, written = survey_module.os.open, []

    def written_to_once(path: Path, flags: int) -> int:
        descriptor = read(path, flags)
        if not written:
            written.append(path)
            path.write_text("print('the second half came late')\n")
        return descriptor

    monkeypatch.setattr(survey_module.os, "open", written_to_once)
    snapshot = take(project, deployments, "churn")
    assert written[0].read_text() == (snapshot.path / written[0].name).read_text()


def test_a_folder_that_is_gone_is_said_to_be(tmp_path: Path, deployments: Path) -> None:
    with pytest.raises(DeployError, match="is gone"):
        take(tmp_path / "nowhere", deployments, "nowhere")


def test_a_file_that_may_not_be_read_is_named(
    project: Path, deployments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(survey_module.os, "open", refuse)
    with pytest.raises(DeployError, match=r"main\.py cannot be read: Permission denied"):
        take(project, deployments, "churn")


def test_what_a_crash_left_is_removed(project: Path, deployments: Path) -> None:
    snapshotter = Snapshotter(project, deployments)
    staged = snapshotter.stage(snapshotter.survey())
    discard_leftovers(deployments)
    assert not staged.path.exists()
    assert again(Snapshotter(project, deployments)).is_new


def test_a_failed_copy_leaves_nothing(project: Path, deployments: Path) -> None:
    snapshotter = Snapshotter(project, deployments)
    survey = snapshotter.survey()
    (project / "main.py").write_text("too late")
    with pytest.raises(DeployError, match=r"main\.py changed while it was copied"):
        snapshotter.stage(survey)
    assert list((deployments / ".staging").iterdir()) == []


_names = st.text(alphabet="ab.-_ ü", min_size=1, max_size=6).filter(lambda name: name.strip("."))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.dictionaries(_names, st.binary(max_size=20), max_size=6))
def test_the_hash_depends_on_content_alone(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    hashes = []
    for order in (list(files), list(reversed(files))):
        folder = tmp_path_factory.mktemp("project")
        for name in order:
            (folder / name).write_bytes(files[name])
        hashes.append(Snapshotter(folder, folder).survey().hash)
    assert hashes[0] == hashes[1]
