"""What every acceptance test starts from."""

from tests.support.installed import installed

__all__ = ["installed"]
