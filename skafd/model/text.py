"""What is text to the database, which holds UTF-8, and to a job's environment, in which a NUL ends a value."""

from __future__ import annotations


def is_text(value: str) -> bool:
    """Whether both can hold it. A name of a file need not be UTF-8, and a string of JSON may have half a character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value
