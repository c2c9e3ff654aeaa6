"""What a job imports. `skafossdk` below this folder is copied into the state folder and put on the jobs' path.

It runs in the jobs' interpreters: standard library only, Python 3.6 and later, nothing of skafd's.
"""
