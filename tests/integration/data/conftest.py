"""A daemon for one test."""

from tests.support.tortured import tortured

__all__ = ["tortured"]
