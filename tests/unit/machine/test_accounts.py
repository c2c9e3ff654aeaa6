"""Whose rights jobs have: decided by whom a folder belongs to, and by what root has said."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from skafd.errors import Refused
from skafd.machine.accounts import AS_SKAFD, DECLARED, ROOT_JOBS, Accounts
from skafd.model.owner import Owner
from skafd.model.project import RunAs
from tests.support.users import needs_users, open_passage, unused_uids

SERVICE = {ROOT_JOBS: DECLARED}
pytestmark = pytest.mark.needs_root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "projects" / "churn"
    folder.mkdir(parents=True)
    return folder


def accounts(tmp_path: Path, environment: dict[str, str] | None = None) -> Accounts:
    return Accounts(tmp_path, os.geteuid(), environment or {})


def test_a_daemon_that_is_not_root_runs_jobs_as_itself(project: Path) -> None:
    own = Accounts(project, 1000, SERVICE)
    assert own.of(project, RunAs.OWNER) is AS_SKAFD
    with pytest.raises(Refused, match="skafd runs as user 1000"):
        own.of(project, RunAs.ROOT)


@needs_users
def test_a_daemon_that_root_started_runs_roots_projects(project: Path) -> None:
    assert accounts(project).of(project, RunAs.OWNER) is AS_SKAFD
    assert accounts(project).of(project, RunAs.ROOT) is AS_SKAFD


@needs_users
def test_the_service_asks_roots_projects_to_say_so(project: Path) -> None:
    with pytest.raises(Refused, match="does not say") as caught:
        accounts(project, SERVICE).of(project, RunAs.OWNER)
    assert "run_as: root" in (caught.value.hint or "")
    assert accounts(project, SERVICE).of(project, RunAs.ROOT) is AS_SKAFD


@needs_users
def test_a_folder_of_nobodys_known_is_run_by_its_number(project: Path) -> None:
    (uid,) = unused_uids(1)
    os.chown(project, uid, 777)
    open_passage(project.parent)
    found = accounts(project.parent).of(project, RunAs.OWNER)
    assert found.user is not None
    assert (found.user.uid, found.user.gid, found.user.groups) == (uid, 777, (777,))
    assert (found.name, found.home) == (str(uid), None)


@needs_users
def test_a_known_user_has_name_groups_and_home(project: Path) -> None:
    entry = next(entry for entry in pwd.getpwall() if entry.pw_uid not in (0, 65534) and Path(entry.pw_dir).is_dir())
    os.chown(project, entry.pw_uid, 0)
    open_passage(project.parent)
    found = accounts(project.parent).of(project, RunAs.OWNER)
    assert found.user is not None
    assert (found.user.uid, found.user.gid) == (entry.pw_uid, entry.pw_gid)
    assert entry.pw_gid in found.user.groups
    assert 0 not in found.user.groups
    assert (found.name, found.home) == (entry.pw_name, entry.pw_dir)


@needs_users
def test_nobody_can_say_root_for_a_folder_that_is_not_roots(project: Path) -> None:
    os.chown(project, *unused_uids(1) * 2)
    with pytest.raises(Refused, match="belongs to user"):
        accounts(project).of(project, RunAs.ROOT)


@needs_users
def test_a_link_to_a_folder_of_roots_is_whose_link_it_is(project: Path) -> None:
    (uid,) = unused_uids(1)
    link = project.parent / "link"
    link.symlink_to(project)
    os.chown(link, uid, uid, follow_symlinks=False)
    with pytest.raises(Refused, match="belongs to user"):
        accounts(project).of(link, RunAs.ROOT)


@needs_users
@pytest.mark.parametrize("change", ["owner", "mode"])
def test_a_folder_that_others_could_replace_gives_no_roots_rights(project: Path, change: str) -> None:
    if change == "owner":
        os.chown(project.parent, *unused_uids(1) * 2)
    else:
        project.parent.chmod(0o777)
    with pytest.raises(Refused, match="cannot be trusted with root's rights"):
        accounts(project).of(project, RunAs.ROOT)
    if change == "mode":
        # As /tmp is: others may write there, but not replace what is root's.
        project.parent.chmod(0o1777)
        assert accounts(project).of(project, RunAs.ROOT) is AS_SKAFD


@needs_users
def test_a_user_who_cannot_come_to_the_state_folder_is_told_where_it_stops(project: Path) -> None:
    os.chown(project, *unused_uids(1) * 2)
    state = project.parent / "closed" / "state"
    state.mkdir(parents=True)
    open_passage(state)
    state.parent.chmod(0o700)
    with pytest.raises(Refused, match=r"may not enter .*/closed,"):
        accounts(state).of(project, RunAs.OWNER)


@needs_users
def test_a_folder_that_is_gone_is_named(project: Path) -> None:
    with pytest.raises(Refused, match="cannot be told whose"):
        accounts(project).of(project / "gone", RunAs.OWNER)


@needs_users
def test_while_a_folder_is_gone_its_last_owner_counts(project: Path) -> None:
    (uid,) = unused_uids(1)
    gone = project / "gone"
    open_passage(project)
    found = accounts(project).of(gone, RunAs.OWNER, Owner(uid, 777))
    assert found.user is not None
    assert (found.user.uid, found.user.gid) == (uid, 777)
    assert accounts(project).owner(found) == Owner(uid, 777)
    # Who is there counts for more than who was.
    assert accounts(project).of(project, RunAs.OWNER, Owner(uid, 777)) is AS_SKAFD
    with pytest.raises(Refused, match="belongs to user"):
        accounts(project).of(gone, RunAs.ROOT, Owner(uid, 777))


@needs_users
def test_roots_jobs_go_on_without_their_folder_where_only_root_could_make_another(project: Path) -> None:
    gone = project / "team" / "gone"
    assert accounts(project).of(gone, RunAs.OWNER, Owner(0, 0)) is AS_SKAFD
    with pytest.raises(Refused, match="does not say"):
        accounts(project, SERVICE).of(gone, RunAs.OWNER, Owner(0, 0))
    # As /tmp is: nobody could move what is there, and anybody can make what is not.
    project.chmod(0o1777)
    with pytest.raises(Refused, match="others may write in"):
        accounts(project).of(gone, RunAs.OWNER, Owner(0, 0))


def test_only_a_daemon_of_roots_needs_to_know_the_owner(project: Path) -> None:
    assert Accounts(project, 1000, SERVICE).owner(AS_SKAFD) is None
    assert Accounts(project, 0, SERVICE).owner(AS_SKAFD) == Owner(0, 0)
