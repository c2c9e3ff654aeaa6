"""What the daemon reads from its environment."""

from __future__ import annotations

import pytest

from skafd.daemon.settings import WEBHOOK_PORT, webhook_port
from skafd.errors import Refused


def test_a_port_is_answered_only_where_one_is_named() -> None:
    assert webhook_port({}) is None
    assert webhook_port({WEBHOOK_PORT: "8731"}) == 8731


@pytest.mark.parametrize("text", ["0", "65536", "-1", "all", "127.0.0.1:80"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=WEBHOOK_PORT):
        webhook_port({WEBHOOK_PORT: text})
