"""What a project asks for besides its jobs, and what the daemon keeps running for it.

    program   ServiceProgram: one long-lived process, as whoever needs it describes it
    keeping   the decisions about services: when one starts, is restarted, is stopped; pure
    socket_for_jobs   where a service answers jobs
    connections       threads that answer them

The processes themselves run under the same supervisors as tasks; `skafd.daemon.services` keeps them.
"""
