"""The services that this daemon knows how to run: one line for each kind."""

from __future__ import annotations

from functools import partial

from skafd.addons.data import place
from skafd.addons.data.on_spark.place import QueriesService
from skafd.addons.program import Programs
from skafd.addons.queue import place as queue_place
from skafd.addons.spark.place import SparkServices
from skafd.daemon.settings import spark_idle_seconds
from skafd.daemon.spark.usage import is_in_use
from skafd.home import Home
from skafd.model.limits import Capacity
from skafd.sandbox.identity import boot_id


def known_programs(home: Home, capacity: Capacity) -> Programs:
    """What `Programs.find` answers for."""
    programs = Programs()
    programs.add(lambda name: place.data_engine(home, capacity) if name == place.SERVICE else None)
    programs.add(lambda name: queue_place.queue_broker(home) if name == queue_place.SERVICE else None)
    spark = SparkServices(home, boot_id(), spark_idle_seconds(), partial(is_in_use, home))
    programs.add(spark.make)
    programs.add(QueriesService(home, capacity, spark_idle_seconds()).make)
    return programs
