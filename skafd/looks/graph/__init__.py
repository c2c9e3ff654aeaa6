"""A graph of jobs drawn with lines and boxes for a terminal, from left to right. Pure."""
