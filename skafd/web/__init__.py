"""The pages that `skafd open` shows: what the screen shows first, to be read only."""
