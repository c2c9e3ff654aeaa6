"""The daemon: the one place that wires the rooms together, and the orchestrator that drives them."""
