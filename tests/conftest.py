"""What tests have to say to whoever runs them, besides that they passed."""

from __future__ import annotations

import pytest

SAID = "said"
"""The property of a test, as `record_property` sets it, that is shown at the end."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows it, also where the test ran in another process."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == SAID:
                terminalreporter.write_line(str(value))
