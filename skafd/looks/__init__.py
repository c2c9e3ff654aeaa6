"""How states, times, amounts and graphs look to people, in the terminal: shared by the command line and the screen."""
