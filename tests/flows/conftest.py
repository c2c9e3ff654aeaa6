"""What every test of flows starts from."""

from tests.support.installed import installed

__all__ = ["installed"]
