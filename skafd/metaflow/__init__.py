"""Metaflow flows as jobs: what a flow file says, and the commands by which its tasks run."""
