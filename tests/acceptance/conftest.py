"""What every acceptance test starts from."""

from __future__ import annotations

import pytest

from tests.support.flow_projects import FlowProjects
from tests.support.installed import Installed, installed

__all__ = ["flows", "installed"]


@pytest.fixture
def flows(installed: Installed) -> FlowProjects:
    """An installation whose projects have metaflow."""
    return FlowProjects(installed)
