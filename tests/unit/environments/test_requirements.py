from __future__ import annotations

from pathlib import Path

import pytest

from skafd.environments.requirements import Requirements, RequirementsReader
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentWish


def read(folder: Path, text: str) -> Requirements:
    (folder / "requirements.txt").write_text(text)
    return reader(folder).read(EnvironmentWish())


def reader(folder: Path) -> RequirementsReader:
    return RequirementsReader(folder, folder.parent / "live", (3, 8))


def test_a_project_without_requirements_has_none(tmp_path: Path) -> None:
    assert reader(tmp_path).read(EnvironmentWish()) == Requirements()


def test_lines_without_comments_and_with_continuations_joined(tmp_path: Path) -> None:
    text = "# all of it\nsix==1.16.0  # pinned\n\npandas \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\r\n"
    found = read(tmp_path, text)
    assert [" ".join(line.split()) for line in found.wanted] == [
        "six==1.16.0",
        "pandas --hash=sha256:aa --hash=sha256:bb",
    ]


def test_files_saved_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffsix\n").wanted == ["six"]


@pytest.mark.parametrize("form", ["-r more/base.txt", "-rmore/base.txt", "--requirement more/base.txt"])
def test_included_files_are_read_from_where_they_are(tmp_path: Path, form: str) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("-r deeper.txt\nnumpy\n")
    (tmp_path / "more" / "deeper.txt").write_text("scipy\n")
    assert read(tmp_path, f"{form}\nsix\n").wanted == ["scipy", "numpy", "six"]


@pytest.mark.parametrize("form", ["-c limits.txt", "--constraint=limits.txt"])
def test_constraints_constrain_and_are_not_wanted(tmp_path: Path, form: str) -> None:
    (tmp_path / "limits.txt").write_text("six<2\n")
    found = read(tmp_path, f"{form}\nsix\n")
    assert (found.wanted, found.constraints) == (["six"], ["six<2"])


def test_a_missing_included_file_is_named_with_who_includes_it(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"nowhere\.txt, included by requirements\.txt, cannot be read: No such file"):
        read(tmp_path, "-r nowhere.txt\n")


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="includes itself"):
        read(tmp_path, "-r requirements.txt\n")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"six\xff\xfe")
    with pytest.raises(BuildError, match="it is not UTF-8"):
        reader(tmp_path).read(EnvironmentWish())


@pytest.mark.parametrize(
    "line",
    [
        "skafossdk",
        "skafossdk==1.0.0",
        "skafossdk>=1.1.9",
        "SkafosSDK == 1.2.0.dev2",
        "skafossdk[all]~=1.0",
        "skafossdk @ https://example.org/skafossdk.whl",
        "-e git+ssh://git@example.org/sdk.git@py3.5#egg=skafossdk",
        "git+https://example.org/sdk.git#egg=skafossdk",
    ],
)
def test_the_sdk_is_ours_and_is_dropped_with_a_note(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, f"{line}\nsix\n")
    assert found.wanted == ["six"]
    assert len(found.notes) == 1
    assert "provided by skafd" in found.notes[0]


@pytest.mark.parametrize("line", ["skafossdk-tools", "skafossdk_extra==1", "skafossdkx", "my-skafossdk"])
def test_packages_with_a_similar_name_are_kept(tmp_path: Path, line: str) -> None:
    assert read(tmp_path, line).wanted == [line]


@pytest.mark.parametrize(
    "line",
    ["-e .", "-e lib", "--editable=lib", "./lib", ".", ".[extra]", "../lib", "/opt/lib", "wheels/a-1-py3-none-any.whl"],
)
def test_code_of_the_project_itself_is_recognised(tmp_path: Path, line: str) -> None:
    assert read(tmp_path, line).local_paths


@pytest.mark.parametrize(
    "line",
    [
        *("six", "six==1.0 ; python_version < '3'", "a @ https://example.org/a.zip", "https://example.org/a.whl"),
        *(
            "-e git+https://example.org/a.git#egg=a",
            "git+https://example.org/a.git",
            "--find-links https://a/wheels",
            "-i https://a/b",
        ),
    ],
)
def test_what_comes_from_elsewhere_is_not_local(tmp_path: Path, line: str) -> None:
    assert not read(tmp_path, line).local_paths


def test_options_are_told_from_requirements_and_folders_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("-f wheels\n--pre\n--index-url=https://a/b\n-i https://c/d\n")
    found = read(tmp_path, "-r more/base.txt\nsix\n")
    assert found.wanted == ["six"]
    assert found.options == [
        ("--find-links", "more/wheels"),
        ("--pre", ""),
        ("--index-url", "https://a/b"),
        ("--index-url", "https://c/d"),
    ]


def test_a_path_out_of_the_project_is_meant_from_the_live_folder(tmp_path: Path) -> None:
    source = tmp_path / "snapshot"
    source.mkdir()
    (source / "requirements.txt").write_text("-e ../lib[extra]\n./mine\n")
    found = RequirementsReader(source, tmp_path / "work" / "churn", (3, 8)).read(EnvironmentWish())
    assert found.wanted == [f"-e {tmp_path}/work/lib[extra]", "./mine"]


@pytest.mark.parametrize(
    ("line", "wanted", "said"),
    [
        ("sklearn", ["scikit-learn"], "requirements.txt:2: 'sklearn' is an empty package"),
        ("sklearn==0.0", ["scikit-learn"], "write that"),
        ("argparse", [], "a part of Python"),
        ("time==1.0", [], "a part of Python"),
    ],
)
def test_dead_lines_are_mended_with_a_word(tmp_path: Path, line: str, wanted: list[str], said: str) -> None:
    found = read(tmp_path, f"six\n{line}\n")
    assert found.wanted == ["six", *wanted]
    assert said in found.warnings[0]


def test_a_module_that_this_python_does_not_have_yet_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("dataclasses\nzoneinfo\n")
    assert RequirementsReader(tmp_path, tmp_path, (3, 6)).read(EnvironmentWish()).wanted == ["dataclasses", "zoneinfo"]
    assert RequirementsReader(tmp_path, tmp_path, (3, 8)).read(EnvironmentWish()).wanted == ["zoneinfo"]


def test_one_equals_sign_is_explained(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"requirements\.txt:3: 'turicreate=5\.0' has one `=`") as caught:
        read(tmp_path, "six\n\nturicreate=5.0  # oh\n")
    assert caught.value.hint == "write turicreate==5.0"
