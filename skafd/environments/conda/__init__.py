"""Environments from `environment.yml`, solved and installed by rattler; no conda is needed.

`recipe.py` is the kind of environment. What needs rattler (solving, installing, activating) runs in a program of its
own, `python -m skafd.environments.conda`, as the command of a build: the daemon never imports it.
"""
