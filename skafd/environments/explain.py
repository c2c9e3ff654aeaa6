"""What a tool's failure means for those who wrote the requirements."""

from __future__ import annotations

import re

from skafd.environments.build import mask_credentials
from skafd.environments.lines import url_of
from skafd.environments.wanted import Wanted
from skafd.errors import BuildError

_GONE = re.compile(r"dns error|error sending request|404|403|410|Failed to download|Failed to fetch", re.IGNORECASE)


def explained(error: BuildError, wanted: Wanted) -> BuildError:
    """The error with what to do about it, where that can be told."""
    if wanted.as_of and "missing an upload date" in error.message:
        return BuildError(
            f"resolve_as_of: {wanted.as_of}: the package index does not say when its files were published\n"
            f"{error.message}",
            "use an index that does, as pypi.org, or pin the versions and leave resolve_as_of out",
        )
    gone = next((url for line in wanted.requirements.wanted if (url := url_of(line)) and _is_gone(url, error)), None)
    if gone:
        shown = mask_credentials(gone)
        package = re.match(r"[A-Za-z0-9_.]+?(?=-\d)", shown.rsplit("/", 1)[-1])
        named = f", for example `{package[0]}`" if package else ""
        return BuildError(
            f"{shown} cannot be fetched: its host or the file is gone\n{error.message}",
            f"name the package and a version in the place of the URL{named}, so that an index is asked",
        )
    # Another one: an error that is raised from itself is a circle for whoever follows its causes.
    return BuildError(error.message, error.hint)


def _is_gone(url: str, error: BuildError) -> bool:
    return mask_credentials(url) in error.message and _GONE.search(error.message) is not None
