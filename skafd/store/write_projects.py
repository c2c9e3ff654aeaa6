"""Writing projects: who they are, where they are, what was wrong with their last save, their variables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from skafd.errors import NotFound, Refused
from skafd.model.ids import ProjectId
from skafd.model.owner import Owner
from skafd.store.instants import to_microseconds
from skafd.store.rows import PROJECT_COLUMNS, project_row
from skafd.store.slugs import first_free, slug_of
from skafd.store.statements import PROJECT, Statements
from skafd.store.views import ProjectRow


class ProjectWriter(Statements):
    """The part of the Writer that concerns projects."""

    def add_project(self, path: Path, name: str, token: str | None, now: datetime) -> ProjectRow:
        """Finds the project of a folder again by its token, else by its path, or adds it.

        A moved folder keeps its identity by its token. Raises Refused if another existing folder has the token.
        """
        folder, token = path.resolve(), token or None
        known = (self._by_token(token, folder) if token else None) or self._by_path(folder, token)
        if known is None:
            known = self._insert(folder, name, token, now)
        # A folder is one project: what was in it before with another identity is gone.
        self._change("UPDATE project SET forgotten = 1 WHERE path = ? AND key != ?", (str(folder), known.id))
        self._change(
            "UPDATE project SET path = ?, token = ifnull(token, ?), forgotten = 0 WHERE key = ?",
            (str(folder), token, known.id),
        )
        return self._row(known.id)

    def reserve_project(self, path: Path, name: str, token: str | None, now: datetime) -> ProjectRow:
        """The project that a folder is about to become: what the folder is now, with another identity, stays till then.

        `add_project` completes it. Raises Refused if another existing folder has the token.
        """
        folder, token = path.resolve(), token or None
        known = (self._by_token(token, folder) if token else None) or self._by_path(folder, token)
        if known is not None:
            return known
        is_taken = self._one("SELECT 1 FROM project WHERE path = ? AND NOT forgotten", (str(folder),)) is not None
        reserved = self._insert(folder, name, token, now)
        self._change("UPDATE project SET forgotten = ? WHERE key = ?", (is_taken, reserved.id))
        return reserved

    def rename(self, project: ProjectId, name: str) -> ProjectRow:
        """Gives a project the name in its config. Its slug follows until its first deployment."""
        row = self._row(project)
        deployed = self._one(f"SELECT 1 FROM deployment WHERE project = {PROJECT}", {"project": project})
        slug = row.slug if deployed else self._free_slug(name, project)
        self._change("UPDATE project SET name = ?, slug = ? WHERE key = ?", (name, slug, project))
        return self._row(project)

    def set_owner(self, project: ProjectId, owner: Owner) -> ProjectRow:
        """Keeps whose the project's folder is."""
        self._change("UPDATE project SET owner_uid = ?, owner_gid = ? WHERE key = ?", (owner.uid, owner.gid, project))
        return self._row(project)

    def set_problem(self, project: ProjectId, problem: Mapping[str, Any] | None) -> None:
        """Keeps why the last save is not live, as JSON; None when it is live."""
        text = None if problem is None else json.dumps(dict(problem))
        self._change("UPDATE project SET problem = ? WHERE key = ?", (text, project))

    def forget_project(self, project: ProjectId) -> None:
        """Takes a project off the list. Its history stays, and it is found again when it is added again."""
        self._change("UPDATE project SET forgotten = 1 WHERE key = ?", (project,))

    def add_parent_folder(self, folder: Path, now: datetime) -> None:
        """Remembers a folder in which projects may appear."""
        values = (str(folder), to_microseconds(now))
        self._change("INSERT INTO parent_folder (path, added_at) VALUES (?, ?) ON CONFLICT DO NOTHING", values)

    def forget_parent_folder(self, folder: Path) -> None:
        """Forgets a folder in which projects might have appeared."""
        self._change("DELETE FROM parent_folder WHERE path = ?", (str(folder),))

    def set_variable(self, project: ProjectId, key: str, value: str) -> None:
        """Sets one secret or setting of a project."""
        self._change(
            f"REPLACE INTO variable (project, key, value) VALUES ({PROJECT}, :key, :value)",
            {"project": project, "key": key, "value": value},
        )

    def delete_variable(self, project: ProjectId, key: str) -> None:
        """Removes a variable. Raises NotFound if there is none of that key."""
        sql = f"DELETE FROM variable WHERE project = {PROJECT} AND key = :key"
        if not self._change(sql, {"project": project, "key": key}):
            raise NotFound(f"no variable {key} is set", "`skafd env PROJECT` lists those that are")

    def _by_token(self, token: str, folder: Path) -> ProjectRow | None:
        row = self._one(f"SELECT {PROJECT_COLUMNS} FROM project WHERE token = ?", (token,))
        if row is None:
            return None
        known = project_row(row)
        if known.path != folder and known.path.is_dir() and not known.forgotten:
            raise Refused(
                f"{folder} has the project token of {known.slug}, which is in {known.path}",
                "give one of them another project_token, or remove the other folder",
            )
        return known

    def _by_path(self, folder: Path, token: str | None) -> ProjectRow | None:
        """The project that was last in the folder, unless its token and the folder's differ."""
        row = self._one(
            f"""SELECT {PROJECT_COLUMNS} FROM project
                WHERE path = :path AND (token IS NULL OR :token IS NULL)
                ORDER BY forgotten, added_at DESC LIMIT 1""",
            {"path": str(folder), "token": token},
        )
        return None if row is None else project_row(row)

    def _insert(self, folder: Path, name: str, token: str | None, now: datetime) -> ProjectRow:
        wanted = token or "path:" + hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        key = ProjectId(first_free(wanted, lambda key: self._is_taken("key", key)))
        self._change(
            "INSERT INTO project (key, slug, name, path, token, added_at) VALUES (?, ?, ?, ?, ?, ?)",
            (key, self._free_slug(name, key), name, str(folder), token, to_microseconds(now)),
        )
        return self._row(key)

    def _free_slug(self, name: str, owner: ProjectId) -> str:
        return first_free(slug_of(name), lambda slug: self._is_taken("slug", slug, owner))

    def _is_taken(self, column: str, value: str, owner: str = "") -> bool:
        return self._one(f"SELECT 1 FROM project WHERE {column} = ? AND key != ?", (value, owner)) is not None

    def _row(self, project: ProjectId) -> ProjectRow:
        row = self._one(f"SELECT {PROJECT_COLUMNS} FROM project WHERE key = ?", (project,))
        if row is None:
            raise NotFound(f"no project {project}")
        return project_row(row)
