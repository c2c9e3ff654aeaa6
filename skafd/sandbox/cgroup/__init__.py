"""Control groups: one Protocol, and one file for each kind of them."""
