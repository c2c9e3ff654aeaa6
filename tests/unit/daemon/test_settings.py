"""What the daemon reads from its environment."""

from __future__ import annotations

import pytest

from skafd.daemon.settings import DATA_ENDPOINT, WEBHOOK_PORT, data_endpoint, webhook_port
from skafd.errors import Refused


def test_a_port_is_answered_only_where_one_is_named() -> None:
    assert webhook_port({}) is None
    assert webhook_port({WEBHOOK_PORT: "8731"}) == 8731


@pytest.mark.parametrize("text", ["0", "65536", "-1", "all", "127.0.0.1:80"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=WEBHOOK_PORT):
        webhook_port({WEBHOOK_PORT: text})


def test_tables_are_served_on_this_machine_unless_an_address_is_named() -> None:
    assert data_endpoint({}) is None
    assert data_endpoint({DATA_ENDPOINT: "8732"}) == ("127.0.0.1", 8732)
    assert data_endpoint({DATA_ENDPOINT: "0.0.0.0:8732"}) == ("0.0.0.0", 8732)
    assert data_endpoint({DATA_ENDPOINT: "[::1]:8732"}) == ("::1", 8732)
    with pytest.raises(Refused, match=DATA_ENDPOINT):
        data_endpoint({DATA_ENDPOINT: "localhost"})
