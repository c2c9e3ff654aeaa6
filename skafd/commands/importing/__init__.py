"""What other schedulers' files say, as a project of skafd's: read without running anything."""
