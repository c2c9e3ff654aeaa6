"""The command line: one module per command, each a client of the api."""
