"""What counts as a word."""


def normalise(word):
    """Lower-case letters only; empty where there is none."""
    return "".join(letter for letter in word.lower() if letter.isalpha())
