"""HTTP over a unix socket: the shapes, the server over a `Backend`, and the client that the command line uses."""
