"""`environment.yml`: channels, packages, and what pip is to add."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from skafd.config.compose import compose
from skafd.config.nodes import Mapping, Node, Scalar, Sequence, describe, is_null
from skafd.config.problems import Problems, Unreadable
from skafd.errors import BuildError

USUAL_CHANNEL = "conda-forge"
"""Where packages are looked for when nobody says where."""
_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
"""What the channel `defaults` stands for."""
_KNOWN = ("name", "channels", "dependencies", "variables", "prefix", "platforms")


@dataclass(slots=True)
class CondaFile:
    """What the file says, in order."""

    channels: list[str] = field(default_factory=list)
    specs: list[str] = field(default_factory=list)
    pip: list[str] = field(default_factory=list)
    """Lines as of a requirements file."""
    variables: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_conda_file(project: Path, name: str) -> CondaFile:
    """Reads the file. Raises BuildError that says where it is not understood."""
    try:
        text = (project / name).read_text(encoding="utf-8-sig")
        root = compose(text, Problems())
    except OSError as error:
        raise BuildError(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BuildError(f"{name} cannot be read: it is not UTF-8") from error
    except Unreadable as error:
        place = f"{name}:{error.problem.line}:{error.problem.column}"
        raise BuildError(f"{place}: {error.problem.message}", error.problem.hint) from error
    return _Reader(name).read(root)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._found = CondaFile()

    def read(self, root: Node | None) -> CondaFile:
        if not isinstance(root, Mapping):
            raise BuildError(f"{self._name} has no keys", "begin it with `channels:` and `dependencies:`")
        for key, value in root.pairs:
            if is_null(value):
                continue
            match key.text:
                case "channels":
                    self._read_channels(value)
                case "dependencies":
                    self._read_dependencies(value)
                case "variables":
                    self._read_variables(value)
                case text if text not in _KNOWN:
                    self._found.notes.append(f"{self._name}:{key.line}: `{text}` is not known and ignored")
        if not self._found.channels:
            self._found.channels = [USUAL_CHANNEL]
            self._found.notes.append(f"{self._name} names no channel: {USUAL_CHANNEL} is used")
        return self._found

    def _read_channels(self, node: Node) -> None:
        for item in self._items(node):
            text = self._text(item)
            if text == "defaults":
                self._found.channels += _DEFAULTS
            elif text != "nodefaults":
                self._found.channels.append(text)

    def _read_dependencies(self, node: Node) -> None:
        for item in self._items(node):
            if isinstance(item, Mapping):
                for key, value in item.pairs:
                    if key.text != "pip":
                        raise self._error(key, f"`{key.text}:` is not known here", "only `pip:` has a list of its own")
                    self._found.pip += [self._text(line) for line in self._items(value)]
            else:
                self._found.specs.append(self._text(item))

    def _read_variables(self, node: Node) -> None:
        if not isinstance(node, Mapping):
            raise self._error(node, f"variables are {describe(node)}", "write each as `NAME: value`")
        self._found.variables = {key.text: self._text(value) for key, value in node.pairs}

    def _items(self, node: Node) -> tuple[Node, ...]:
        if is_null(node):
            return ()
        if not isinstance(node, Sequence):
            raise self._error(node, f"expected a list, found {describe(node)}", "begin each item with `- `")
        return node.items

    def _text(self, node: Node) -> str:
        if not isinstance(node, Scalar) or is_null(node):
            raise self._error(node, f"expected text, found {describe(node)}")
        return node.text.strip()

    def _error(self, node: Node, message: str, hint: str | None = None) -> BuildError:
        return BuildError(f"{self._name}:{node.line}:{node.column}: {message}", hint)
