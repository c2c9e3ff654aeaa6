"""What jobs say and ask: HTTP on a socket of their own, each request with the token of its attempt."""
