"""What the tests of the promises share."""

from tests.support.tortured import tortured

__all__ = ["tortured"]
