"""The day whose packages count for a project folder, where `skafd up --resolve-as-of` has said one."""

from __future__ import annotations

from pathlib import Path

from skafd.store.statements import Statements


class DayReader(Statements):
    """The part of the Reader that concerns such days."""

    def day_of_folder(self, folder: Path) -> str | None:
        """An ISO date or `auto`; None where nothing was said."""
        row = self._one("SELECT day FROM folder_day WHERE folder = ?", (str(folder),))
        return None if row is None else str(row["day"])


class DayWriter(DayReader):
    """The part of the Writer that concerns such days."""

    def set_day_of_folder(self, folder: Path, day: str | None) -> None:
        """Keeps it for all deployments of the folder to come; None: what the config says counts again."""
        self._change("DELETE FROM folder_day WHERE folder = ?", (str(folder),))
        if day is not None:
            self._change("INSERT INTO folder_day (folder, day) VALUES (?, ?)", (str(folder), day))
