"""The Spark cluster of this machine: one master and its workers, for the jobs of all projects.

    installation  pyspark as jobs and the cluster find it: a copy beside the SDK
    cluster       what a cluster is known by: its folder, ports and secret
    settings      the files that Spark reads: spark-defaults.conf and spark-env.sh
    workers       how many workers of which size there are to be; pure
    place         master, workers and history view as services

All processes are Spark's own. `skafd.daemon.spark` starts them when a job of a project with the add-on does.
"""
