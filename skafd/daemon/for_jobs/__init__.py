"""What the daemon does for jobs: gives them the means to talk, and carries out what they say and ask."""
