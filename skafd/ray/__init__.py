"""Jobs on a Ray cluster: what is asked of it, and the attendant that stands for a job on this machine.

An attempt of such a job is, to the rest of skafd, a process like any other: its attendant, in a control group of its
own, under a supervisor that outlives the daemon. The attendant hands the working folder to the cluster, writes what
the job prints to its own output, stops the job when it is told to end itself, and ends as the job has ended. So
whatever holds for local jobs holds for these.
"""
