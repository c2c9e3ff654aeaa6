"""What a job says to skafd and keeps with it.

    from skafossdk import *

    ska = Skafos()
    ska.log("begun", labels=["training"])
    ska.report("loss", y=0.25, y_label="loss", x=1, x_label="epoch")

Standard library only, Python 3.6 and later.
"""

from .data_sources import DataSourceType
from .skafos import Skafos

__all__ = ["DataSourceType", "Skafos"]
