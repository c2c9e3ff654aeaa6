"""The screen that `skafd status` shows on a terminal."""
