"""Stands on this machine for a job that runs on a Ray cluster.

Standard library only, Python 3.6 and later: it runs in the interpreter of the job, and wants no Ray there.
"""
