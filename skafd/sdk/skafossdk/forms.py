"""How values become bytes: arrays, tables and frames by their own formats, all else by pickle.

Libraries are looked for in what the program has loaded: nothing is imported for a value that cannot be theirs.
"""

import pickle
import sys
from typing import Any, Callable, NamedTuple

from .exceptions import SkafosError

PICKLE_PROTOCOL = 4
"""The newest that every Python from 3.6 on reads."""
_ROWS_AT_ONCE = 65536
_PLAIN_KINDS = "biufMm"
"""numpy's letters for numbers, booleans and times."""


class Packed(NamedTuple):
    """A value about to be sent."""

    form: str
    type: str
    write: "Callable[[Any], None]"


def pack(value: Any) -> Packed:
    """Decides on the form of a value."""
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}".replace("builtins.", "")
    if kind in (bytes, bytearray, memoryview):
        return Packed("bytes", name, lambda stream: stream.write(value))
    if _is(value, "numpy", "ndarray") and not value.dtype.hasobject:
        return Packed("npy", name, lambda stream: _numpy().write_array(stream, value, allow_pickle=False))
    if _is(value, "pyarrow", "Table"):
        return Packed("arrow", name, lambda stream: _write_arrow(stream, value))
    if _is(value, "pandas", "DataFrame") and _is_plain_frame(value):
        return Packed("pandas", name, lambda stream: _write_arrow(stream, _arrow().Table.from_pandas(value)))
    return Packed("pickle", name, lambda stream: pickle.dump(value, stream, PICKLE_PROTOCOL))


def unpack(form: str, stream: Any, name: str) -> Any:
    """The value that a stream holds. Raises SkafosError, and what a pickle raises."""
    if form == "pickle":
        return pickle.load(stream)
    if form == "bytes":
        return stream.read()
    if form == "npy":
        return _numpy().read_array(stream, allow_pickle=False)
    if form == "arrow":
        return _arrow(name).ipc.open_stream(stream).read_all()
    if form == "pandas":
        return _arrow(name).ipc.open_stream(stream).read_all().to_pandas()
    if form == "file":
        raise SkafosError(f"{name!r} is a file: artifacts.fetch({name!r}, path) writes it, open({name!r}) reads it")

    raise SkafosError(f"{name!r} was kept by a newer skafd, as {form!r}")


def _is(value: Any, package: str, name: str) -> bool:
    kind = type(value)
    return kind.__name__ == name and kind.__module__.split(".")[0] == package


def _is_plain_frame(frame: Any) -> bool:
    """Whether Arrow gives back exactly this frame: texts, numbers, booleans and times under plain names."""
    try:
        import pandas
        import pyarrow.ipc
    except ImportError:
        return False
    names = list(frame.columns)
    if frame.columns.nlevels > 1 or len(set(names)) != len(names) or not all(isinstance(one, str) for one in names):
        return False
    for place in range(len(names)):
        column = frame.iloc[:, place]
        kind = getattr(column.dtype, "kind", "O")
        if kind == "O" and pandas.api.types.infer_dtype(column, skipna=False) != "string":
            return False
        if kind not in _PLAIN_KINDS + "O":
            return False
    return bool(pyarrow.ipc)


def _write_arrow(stream: Any, table: Any) -> None:
    writer = _arrow().ipc.new_stream(_Sink(stream), table.schema)
    for batch in table.to_batches(_ROWS_AT_ONCE) if sys.version_info >= (3, 7) else table.to_batches():
        writer.write_batch(batch)
    writer.close()


class _Sink:
    """What pyarrow asks of a file."""

    closed = False

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._size_bytes = 0

    def write(self, data: Any) -> int:
        """As a file's."""
        self._size_bytes += self._stream.write(data)
        return len(data)

    def tell(self) -> int:
        """How much was written."""
        return self._size_bytes

    def flush(self) -> None:
        """It is sent anyway."""

    def close(self) -> None:
        """The stream goes on to be used."""

    def writable(self) -> bool:
        """As a file's."""
        return True

    def readable(self) -> bool:
        """As a file's."""
        return False

    def seekable(self) -> bool:
        """As a file's."""
        return False


def _numpy() -> Any:
    import numpy.lib.format

    return numpy.lib.format


def _arrow(name: str = "") -> Any:
    try:
        import pyarrow.ipc
    except ImportError:
        raise SkafosError(f"{name!r} is kept in Arrow's form: add pyarrow to the requirements") from None
    return pyarrow
