"""Which package indexes count: those of the requirements, of the settings for uv, and of those for pip."""

from __future__ import annotations

from collections.abc import Mapping

from skafd.environments.wanted import Wanted

_USUAL = "https://pypi.org/simple"
_FROM_UV = {
    "PIP_INDEX_URL": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "PIP_EXTRA_INDEX_URL": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "PIP_FIND_LINKS": ("UV_FIND_LINKS",),
}


def pip_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """What pip finds in its environment: the settings made for uv count for it too."""
    found = dict(variables)
    for theirs, ours in _FROM_UV.items():
        value = next((variables[name] for name in ours if name in variables), None)
        if value is not None and theirs not in found:
            found[theirs] = value
    return {**found, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_PROGRESS_BAR": "off"}


def index_urls(variables: Mapping[str, str], wanted: Wanted) -> list[str]:
    """Every index that is asked, the first one first; none where none may be asked."""
    options = wanted.requirements.options
    if any(name == "--no-index" for name, _ in options):
        return []
    settings = pip_variables(variables)
    first = [value for name, value in options if name == "--index-url"] or [settings.get("PIP_INDEX_URL", "")]
    more = [value for name, value in options if name == "--extra-index-url"]
    return [first[-1] or _USUAL, *more, *settings.get("PIP_EXTRA_INDEX_URL", "").split()]
