"""Masks secrets in a stream of bytes, wherever the stream happens to be cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

MASK = b"***"
SHORTEST_SECRET_BYTES = 4
"""Shorter ones would mask half of an ordinary text."""


class Redactor:
    """Replaces each secret by `***`; secrets that overlap in the text are masked as one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = _patterns(secrets)
        # The end of the text so far that may be the beginning of a secret.
        self._held = b""
        # How many of the held bytes a mask that was given out already stands for.
        self._covered = 0

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def feed(self, data: bytes) -> bytes:
        """Takes more of the text and returns what is safe to show of it by now."""
        if not self._secrets:
            return data
        text = self._held + data
        return self._show(text, min(_possible_start(text, secret) for secret in self._secrets))

    def finish(self) -> bytes:
        """Returns what was held back, now that nothing follows."""
        return self._show(self._held, len(self._held))

    def mask(self, text: str) -> str:
        """Masks one complete text."""
        redactor = Redactor(())
        redactor._secrets = self._secrets
        data = text.encode("utf-8", "surrogateescape")
        return (redactor.feed(data) + redactor.finish()).decode("utf-8", "replace")

    def _show(self, text: bytes, hold_from: int) -> bytes:
        """The text up to `hold_from` with its secrets masked; the rest is held."""
        pieces: list[bytes] = []
        position = self._covered
        for start, end in sorted(self._occurrences(text)):
            # One that begins in the held text is found again when it is known what follows.
            if start >= hold_from:
                break
            if start >= position:
                pieces += (text[position:start], MASK)
            position = max(position, end)
        pieces.append(text[position:hold_from])
        self._held = text[hold_from:]
        self._covered = max(0, position - hold_from)
        return b"".join(pieces)

    def _occurrences(self, text: bytes) -> Iterator[tuple[int, int]]:
        for secret in self._secrets:
            start = text.find(secret)
            while start >= 0:
                yield start, start + len(secret)
                start = text.find(secret, start + 1)


def _patterns(secrets: Iterable[str]) -> tuple[bytes, ...]:
    """The secrets as bytes, also without the white space around them: programs strip it."""
    texts = {text for secret in secrets for text in (secret, secret.strip())}
    encoded = {text.encode("utf-8", "surrogateescape") for text in texts}
    return tuple(sorted(data for data in encoded if len(data) >= SHORTEST_SECRET_BYTES))


def _possible_start(text: bytes, secret: bytes) -> int:
    """Where the longest end of `text` begins that is a beginning of `secret`, and not all of it."""
    start = text.find(secret[:1], max(0, len(text) - len(secret) + 1))
    while start >= 0:
        if secret.startswith(text[start:]):
            return start
        start = text.find(secret[:1], start + 1)
    return len(text)
