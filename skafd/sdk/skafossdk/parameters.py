"""`ska.params`: what the run was given, in the types that the config declares."""

import json
from typing import Any, Dict, Iterator, Mapping


class Parameters(Mapping[str, Any]):
    """`ska.params.epochs` and `ska.params["epochs"]`; read-only."""

    def __init__(self, variables: "Mapping[str, str]") -> None:
        self._values: "Dict[str, Any]" = json.loads(variables.get("SKAFD_PARAMS") or "{}")

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        for known in (name, name.replace("_", "-")):
            if known in self._values:
                return self._values[known]
        has = ", ".join(sorted(self._values)) or "none"
        raise AttributeError(
            f"this run has no parameter {name!r} (it has: {has}): declare it under `params:` of the job"
        )

    def __iter__(self) -> "Iterator[str]":
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Parameters {self._values!r}>"
