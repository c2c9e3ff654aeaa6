"""`ska.run`: which run, task and attempt this program is."""

import datetime
from typing import Any, List, Mapping, Optional


class Run:
    """Empty texts, zeros and None where skafd does not run the program."""

    def __init__(self, variables: "Mapping[str, str]") -> None:
        self.name = variables.get("SKAFD_RUN", "")
        """`churn/42`."""
        self.project = variables.get("SKAFD_PROJECT", "")
        self.number = int(self.name.rpartition("/")[2] or 0)
        self.job = variables.get("SKAFD_JOB", "")
        self.task = variables.get("SKAFD_TASK", "")
        """`churn/42/train`, with `[3]` where there are several instances."""
        self.attempt = int(variables.get("SKAFD_ATTEMPT") or 0)
        self.instance = int(variables.get("SKAFD_INSTANCE") or 0)
        self.instances = int(variables.get("SKAFD_INSTANCES") or 0)
        self.deployment = int(variables.get("SKAFD_DEPLOYMENT") or 0)
        self.item: "Optional[str]" = variables.get("SKAFD_ITEM")
        """Of `foreach`, what this instance is for."""
        self.upstream_failed: "List[str]" = [
            name for name in variables.get("SKAFD_UPSTREAM_FAILED", "").split(",") if name
        ]
        self.occurrence = _instant(variables.get("SKAFD_OCCURRENCE"))
        """For which instant of its schedule it runs, None where it runs for none."""

    def __bool__(self) -> bool:
        return bool(self.name)

    def __repr__(self) -> str:
        return f"<Run {self.task or 'none'} attempt={self.attempt}>"


def _instant(text: "Optional[str]") -> Any:
    """A time with its zone; Python 3.6 has no reader of its own."""
    if not text:
        return None
    digits = text.replace(":", "")
    form = "%Y-%m-%dT%H%M%S.%f%z" if "." in digits else "%Y-%m-%dT%H%M%S%z"
    return datetime.datetime.strptime(digits, form)
