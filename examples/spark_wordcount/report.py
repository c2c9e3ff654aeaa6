"""Prints what was counted."""

from skafossdk import Skafos

for word, count in Skafos().output_of("count"):
    print(f"{count:5}  {word}")
