"""The queue add-on: topics, durable queues and dead letters. One broker process for all projects of the machine.

    topics    which queues a routing key reaches; pure
    state     messages and queues as they are now; pure
    ledger    the same on disk: SQLite, and one sync for all that came in meanwhile
    broker    what can be asked of it: set up, publish, consume, ack, nack
    frames    how it is asked, on a unix socket
    server    the connections; `python -m skafd.addons.queue` runs it
    client    a blocking client, for the command line

A publish is answered when it is on disk. A delivery does not wait for that: whoever was told nothing publishes again.
"""
