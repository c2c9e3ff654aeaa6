"""Environments whose making runs code of a project that is not to have skafd's rights: made as its owner.

`building.py` is skafd's side: a folder to work in, the request, and what is taken over afterwards. `__main__.py` is a
program of its own that gives up skafd's rights before it does anything else, and then resolves or makes as usual.
"""
