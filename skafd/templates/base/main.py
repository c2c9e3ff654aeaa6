"""Runs once whenever the project is deployed: save a change, and see."""

import os

print(f"Hello from {os.environ.get('SKAFD_TASK', 'a run without skafd')}")
