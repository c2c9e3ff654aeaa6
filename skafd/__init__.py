"""skafd: a single-node scheduler daemon for data and machine-learning pipelines."""

__version__ = "0.1.0"
