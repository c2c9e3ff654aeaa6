"""The folders that hold projects: what appears in them later is deployed too, also after a restart."""

from __future__ import annotations

from pathlib import Path

from skafd import clock
from skafd.daemon.mailbox import Mailbox
from skafd.model.decisions import Event
from skafd.store import Database, Purpose, Writer


class Parents:
    """Kept in memory and in the database. Callable from any thread but the orchestrator's."""

    def __init__(self, database: Database, mailbox: Mailbox) -> None:
        self._database = database
        self._mailbox = mailbox
        self._folders: set[Path] = set()

    def restore(self) -> tuple[Path, ...]:
        """Reads which there are."""
        with self._database.reader() as reader:
            folders = reader.parent_folders()
        self._folders.update(folders)
        return folders

    def __contains__(self, folder: Path) -> bool:
        return folder in self._folders

    def add(self, folder: Path) -> None:
        """Remembers a folder. Raises StoreError."""

        def prepare(writer: Writer) -> list[Event]:
            writer.add_parent_folder(folder, clock.now())
            return []

        if folder not in self._folders:
            self._mailbox.put(prepare, Purpose.PARENT_FOLDER).result()
            self._folders.add(folder)

    def discard(self, folder: Path) -> None:
        """Forgets a folder, if it is remembered. Raises StoreError."""

        def prepare(writer: Writer) -> list[Event]:
            writer.forget_parent_folder(folder)
            return []

        if folder in self._folders:
            self._folders.discard(folder)
            self._mailbox.put(prepare, Purpose.PARENT_FOLDER).result()
