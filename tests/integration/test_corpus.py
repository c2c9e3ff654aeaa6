"""Real configs of 2017 to 2019, read as their authors meant them.

They are not ours to ship. `SKAFD_CORPUS` names the folder that holds them, with `expected.json` beside them.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from skafd.config import read, report

CORPUS = Path(os.environ.get("SKAFD_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
EXPECTED: dict[str, Any] = (
    json.loads((CORPUS / "expected.json").read_text(encoding="utf-8")) if (CORPUS / "expected.json").is_file() else {}
)
DEFAULTS = {"entrypoint": ("index.py", "main.py"), "language": ("python",), "dependencies": ([],)}

pytestmark = pytest.mark.skipif(
    not EXPECTED, reason="there is no corpus of old configs here; SKAFD_CORPUS names its folder"
)


@pytest.mark.parametrize("name", sorted(name for name, expected in EXPECTED.items() if expected["yaml"]))
def test_a_config_of_old_is_read_as_it_was_meant(name: str) -> None:
    expected = EXPECTED[name]
    told = report(read((CORPUS / name).read_bytes(), None, name))
    assert told["valid"], told["problems"]
    assert (told["generation"], told["project"]["name"]) == (expected["generation"], expected["name"])
    unknown = [problem["message"] for problem in told["problems"] if problem["code"] == "unknown-key"]
    assert len(unknown) == len(expected["unknown_top"])
    for job, wanted in zip(told["project"]["jobs"], expected["jobs"], strict=True):
        for key, value in wanted.items():
            assert is_as_meant(key, job, value), key


def is_as_meant(key: str, job: dict[str, Any], value: object) -> bool:
    """None means that nothing was written: then nothing is told, or the default."""
    if value is not None:
        return bool(job[key] == value)
    if key == "id":
        return bool(job["id"] == job["name"])
    return job[key] is None or job[key] in DEFAULTS.get(key, ()) or (key == "entrypoint" and " | " in job[key])


@pytest.mark.parametrize("name", sorted(name for name, expected in EXPECTED.items() if not expected["yaml"]))
def test_a_broken_config_of_old_has_one_problem_in_the_right_line(name: str) -> None:
    told = report(read((CORPUS / name).read_bytes(), None, name))
    assert not told["valid"]
    assert [problem["line"] for problem in told["problems"]] == [EXPECTED[name]["line"]]
