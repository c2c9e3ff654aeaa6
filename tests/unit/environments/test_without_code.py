"""What of a project's variables counts where its code is not to have skafd's rights."""

from __future__ import annotations

from skafd.environments.tool import without_code


def test_nothing_is_built_and_only_addresses_of_indexes_count() -> None:
    given = (
        ("UV_INDEX_URL", "https://packages.example"),
        ("PIP_EXTRA_INDEX_URL", "https://more.example"),
        ("UV_NO_BUILD", "0"),
        ("UV_CACHE_DIR", "/etc"),
        ("PIP_TARGET", "/usr/lib"),
        ("PIP_ONLY_BINARY", ":none:"),
        ("LEVEL", "info"),
    )
    assert dict(without_code(given)) == {
        "UV_INDEX_URL": "https://packages.example",
        "PIP_EXTRA_INDEX_URL": "https://more.example",
        "UV_NO_BUILD": "1",
        "PIP_ONLY_BINARY": ":all:",
    }
