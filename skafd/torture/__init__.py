"""Kills what it started, at random moments, and finds out whether anything was lost: `skafd doctor --torture`."""
