"""What is asked of a package index: a real one on 127.0.0.1 that takes down every request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skafd.environments import Asked, Environment, Environments
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentKind, EnvironmentWish
from tests.support.package_index import PackageIndex, serving
from tests.support.pythons import need_python

Prepare = Callable[..., Environment]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PackageIndex]:
    with serving(tmp_path / "index") as index:
        yield index


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    environments = Environments(tmp_path / "environments")

    def prepare(url: str, *packages: str, python: str | None = None, as_of: str | None = None) -> Environment:
        # Nothing of this machine's own settings: neither folders of wheels nor answers of an earlier test.
        cache = str(tmp_path / "cache")
        variables = {"UV_DEFAULT_INDEX": url, "PIP_INDEX_URL": url, "PIP_FIND_LINKS": "", "PIP_CACHE_DIR": cache}
        wish = EnvironmentWish(python=python, packages=packages, resolve_as_of=as_of)
        return environments.prepare(Asked(tmp_path, tmp_path, wish, tuple(variables.items())))

    return prepare


@pytest.mark.parametrize(
    "line",
    [
        "skafossdk==1.0.0",
        "skafossdk>=1.1.9",
        "skafossdk==0.0.11.dev0",
        "-e git+ssh://a@b.invalid/sdk.git@x#egg=skafossdk",
    ],
)
def test_the_sdk_is_never_looked_up(index: PackageIndex, prepare: Prepare, line: str) -> None:
    index.publish("skafossdk", "99.0")
    index.publish("alpha", "1.0", requires=("skafossdk>=1.0",))
    environment = prepare(index.url, line, "alpha")
    assert environment.lock is not None
    assert environment.lock.versions == {"alpha": "1.0"}
    assert any("alpha" in path for path in index.asked_for)
    assert not [path for path in index.asked_for if "skafos" in path.lower()]


def test_packages_are_those_of_the_day(index: PackageIndex, prepare: Prepare) -> None:
    index.publish("alpha", "1.0", "2018-10-31")
    index.publish("alpha", "1.1", "2018-11-01")
    index.publish("alpha", "2.0", "2018-11-02")
    dated, newest = prepare(index.url, "alpha", as_of="2018-11-01"), prepare(index.url, "alpha")
    assert dated.lock is not None
    assert newest.lock is not None
    assert (dated.lock.versions["alpha"], newest.lock.versions["alpha"]) == ("1.1", "2.0")
    assert dated.lock.as_of == "2018-11-01"


def test_an_index_that_does_not_say_when_is_named_as_the_reason(tmp_path: Path, prepare: Prepare) -> None:
    with serving(tmp_path / "silent", tells_when=False) as index:
        index.publish("alpha", "1.0")
        with pytest.raises(BuildError, match="does not say when its files were published") as caught:
            prepare(index.url, "alpha", as_of="2018-11-01")
    assert "leave resolve_as_of out" in (caught.value.hint or "")


def test_where_uv_cannot_pip_resolves_for_the_same_day_and_without_the_sdk(
    index: PackageIndex, prepare: Prepare
) -> None:
    index.publish("skafossdk", "99.0")
    index.publish("pytz", "2018.5", "2018-07-01")
    for version, day in (("0.22.0", "2018-01-01"), ("0.23.4", "2018-08-01"), ("0.24.0", "2019-01-25")):
        index.publish("pandas", version, day, requires=("pytz>=2011k",))
    environment = prepare(index.url, "pandas>=0.23", "skafossdk==1.0.0", as_of="2018-11-01")
    assert environment.lock is not None
    assert environment.lock.kind is EnvironmentKind.PIP
    assert environment.lock.versions == {"pandas": "0.23.4", "pytz": "2018.5"}
    assert all("--hash=sha256:" in line for line in environment.lock.packages)
    assert not [path for path in index.asked_for if "skafos" in path.lower()]


def test_pip_too_says_that_the_index_does_not_say_when(tmp_path: Path, prepare: Prepare) -> None:
    python = need_python("3.6")
    with serving(tmp_path / "silent", tells_when=False) as index:
        index.publish("alpha", "1.0")
        with pytest.raises(BuildError, match="does not say when the files of alpha were published"):
            prepare(index.url, "alpha", python=python, as_of="2018-11-01")


def test_an_unchanged_wish_is_resolved_and_built_once(index: PackageIndex, prepare: Prepare) -> None:
    index.publish("alpha", "1.0")
    environment = prepare(index.url, "alpha")
    index.publish("alpha", "2.0")
    asked = len(index.asked_for)
    assert prepare(index.url, "alpha") == environment
    assert len(index.asked_for) == asked


WHEEL = "/../files/alpha-1.0-py3-none-any.whl"


def test_credentials_are_used_and_kept_nowhere(index: PackageIndex, prepare: Prepare, tmp_path: Path) -> None:
    index.publish("alpha", "1.0")
    place = index.url.removeprefix("http://")
    options = f"--extra-index-url http://other:secret-word@{place}"
    environment = prepare(
        f"http://user:secret-word@{place}", options, f"alpha @ http://user:secret-word@{place}{WHEEL}"
    )
    assert environment.lock is not None
    assert environment.lock.packages[0].startswith("alpha @ http://****@127.0.0.1:")
    written = [path for path in (tmp_path / "environments").rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in written if b"secret-word" in path.read_bytes()] == []
