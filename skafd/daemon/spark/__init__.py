"""Spark for the jobs of projects with the add-on `spark-cluster`.

requirements  asked before a deployment goes live: Java, skafd[spark], one version for all
equipping     what an attempt finds: variables, and its own spark-defaults.conf
keeping       which master and workers there are, for the attempts that run
usage         whether a service of Spark's is in use
"""
