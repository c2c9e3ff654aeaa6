from __future__ import annotations

from skafd.environments.logins import with_logins, without_logins

LINES = ("alpha @ git+https://me:secret@git.example.org/alpha@0123abc", "six==1.16.0 --hash=sha256:aa")


def test_what_is_kept_has_no_login() -> None:
    hidden = without_logins(LINES)
    assert hidden == ("alpha @ git+https://****@git.example.org/alpha@0123abc", LINES[1])


def test_the_login_of_the_projects_own_files_is_put_back_for_its_host_alone() -> None:
    texts = ["git+https://me:changed@git.example.org/alpha", "https://other:pw@example.com/x"]
    assert with_logins(without_logins(LINES), texts)[0] == LINES[0].replace("secret", "changed")
    assert with_logins(without_logins(LINES), texts[1:])[0] == without_logins(LINES)[0]


def test_a_variable_in_the_place_of_a_login_is_put_back_as_it_was_written() -> None:
    line = "alpha @ git+https://${TOKEN}@git.example.org/alpha"
    assert with_logins(without_logins([line]), [line]) == (line,)
