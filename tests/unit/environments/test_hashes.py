from __future__ import annotations

from skafd.environments.uv import with_wanted_hashes

LOCKED = ("alpha==1.0 --hash=sha256:aa --hash=sha256:bb", "beta-x==2.0 --hash=sha256:cc", "gamma==3.0")


def test_hashes_that_the_project_names_stand_in_the_place_of_those_of_the_index() -> None:
    wanted = ("alpha", "Beta_X==2.0 ; python_version > '3' --hash=sha256:11 --hash=sha256:22")
    assert with_wanted_hashes(LOCKED, wanted) == (
        "alpha==1.0 --hash=sha256:aa --hash=sha256:bb",
        "beta-x==2.0 --hash=sha256:11 --hash=sha256:22",
        "gamma==3.0",
    )


def test_without_any_all_stays() -> None:
    assert with_wanted_hashes(LOCKED, ["alpha>=1", "./lib"]) == LOCKED
