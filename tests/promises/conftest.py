"""What the tests of the promises share."""

from tests.support.installed import installed
from tests.support.tortured import tortured

__all__ = ["installed", "tortured"]
