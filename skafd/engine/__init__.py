"""Decides what runs: graph, chaining, overlap, retries, admission. Pure: events in, decisions out."""

from skafd.engine.engine import Engine

__all__ = ["Engine"]
