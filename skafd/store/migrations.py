"""The schema, as one step per version. sqlite-utils applies the steps and remembers which were applied."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from skafd import __version__, crash

if TYPE_CHECKING:
    from sqlite_utils import Database

VERSION_1 = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    # `key` is the ProjectId. `live_deployment` is NULL until the first deployment went live.
    """CREATE TABLE project (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        slug TEXT NOT NULL UNIQUE COLLATE NOCASE,
        name TEXT NOT NULL,
        path TEXT NOT NULL,
        token TEXT UNIQUE,
        live_deployment INTEGER,
        last_run_number INTEGER NOT NULL DEFAULT 0,
        forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1)),
        problem TEXT,
        added_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX project_by_path ON project(path)",
    """CREATE TABLE deployment (
        project INTEGER NOT NULL REFERENCES project(id),
        number INTEGER NOT NULL,
        snapshot_hash TEXT NOT NULL,
        config TEXT NOT NULL,
        environment_key TEXT NOT NULL,
        linked TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        went_live_at INTEGER,
        PRIMARY KEY (project, number)
    ) STRICT""",
    # `id` grows with every run of every project: lists are ordered and paged by it.
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        project INTEGER NOT NULL REFERENCES project(id),
        number INTEGER NOT NULL,
        deployment INTEGER NOT NULL,
        cause TEXT NOT NULL,
        cause_instant INTEGER,
        cause_detail TEXT NOT NULL,
        parameters TEXT NOT NULL,
        state TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        ended_at INTEGER,
        UNIQUE (project, number),
        FOREIGN KEY (project, deployment) REFERENCES deployment(project, number)
    ) STRICT""",
    "CREATE INDEX run_by_state ON run(state)",
    "CREATE INDEX run_by_project_and_state ON run(project, state, number)",
    # `rank` is the task's place among those of its run.
    """CREATE TABLE task (
        project INTEGER NOT NULL,
        run INTEGER NOT NULL,
        job TEXT NOT NULL,
        instance INTEGER NOT NULL,
        rank INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        not_before INTEGER,
        changed_at INTEGER NOT NULL,
        PRIMARY KEY (project, run, job, instance),
        FOREIGN KEY (project, run) REFERENCES run(project, number) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX task_by_job ON task(project, job, run)",
    """CREATE TABLE attempt (
        project INTEGER NOT NULL,
        run INTEGER NOT NULL,
        job TEXT NOT NULL,
        instance INTEGER NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL,
        directory TEXT NOT NULL,
        limits TEXT NOT NULL,
        supervisor_pid INTEGER,
        supervisor_start_time INTEGER,
        boot_id TEXT,
        launched_at INTEGER NOT NULL,
        started_at INTEGER,
        ended_at INTEGER,
        outcome TEXT,
        exit_code INTEGER,
        peak_memory_bytes INTEGER,
        cpu_seconds REAL,
        PRIMARY KEY (project, run, job, instance, number),
        FOREIGN KEY (project, run, job, instance)
            REFERENCES task(project, run, job, instance) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX attempt_alive ON attempt(state) WHERE ended_at IS NULL",
    # `job` is NULL where the run itself changed; `old` is NULL where something began to exist.
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        project INTEGER NOT NULL,
        run INTEGER NOT NULL,
        job TEXT,
        instance INTEGER,
        attempt INTEGER,
        old TEXT,
        new TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX event_by_run ON event(project, run)",
    """CREATE TABLE occurrence (
        project INTEGER NOT NULL REFERENCES project(id),
        job TEXT NOT NULL,
        instant INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('fired', 'missed')),
        cause TEXT NOT NULL,
        run INTEGER,
        recorded_at INTEGER NOT NULL,
        PRIMARY KEY (project, job, instant),
        CHECK ((state = 'fired') = (run IS NOT NULL))
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX occurrence_missed ON occurrence(project, instant) WHERE state = 'missed'",
    "CREATE INDEX occurrence_by_run ON occurrence(project, run) WHERE run IS NOT NULL",
    # `scheduled_runs` counts those of the live deployment.
    """CREATE TABLE job (
        project INTEGER NOT NULL REFERENCES project(id),
        id TEXT NOT NULL,
        last_started_at INTEGER,
        last_succeeded_at INTEGER,
        scheduled_runs INTEGER NOT NULL DEFAULT 0,
        planned_until INTEGER,
        PRIMARY KEY (project, id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE variable (
        project INTEGER NOT NULL REFERENCES project(id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (project, key)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE environment (
        key TEXT PRIMARY KEY,
        path TEXT NOT NULL,
        state TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        last_used_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

VERSION_2 = (
    # Folders handed over that hold projects: what appears in them later is deployed too.
    "CREATE TABLE parent_folder (path TEXT PRIMARY KEY, added_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)

VERSION_3 = (
    # `job` is empty where the whole project is paused.
    """CREATE TABLE pause (
        project INTEGER NOT NULL REFERENCES project(id),
        job TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (project, job)
    ) STRICT, WITHOUT ROWID""",
    # What was asked for; its state is computed from its runs, whose cause is `backfill` with the id as detail.
    # For the first `made` of its instants a run was asked for.
    """CREATE TABLE backfill (
        id INTEGER PRIMARY KEY,
        project INTEGER NOT NULL REFERENCES project(id),
        job TEXT NOT NULL,
        only_job INTEGER NOT NULL CHECK (only_job IN (0, 1)),
        instants TEXT NOT NULL,
        made INTEGER NOT NULL DEFAULT 0,
        parallel INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        cancelled_at INTEGER
    ) STRICT""",
    "CREATE INDEX run_by_backfill ON run(project, cause_detail) WHERE cause = 'backfill'",
)

VERSION_4 = (
    # What an instance is for, the limit that grew, the devices it holds while alive, what it published.
    "ALTER TABLE task ADD COLUMN item TEXT",
    "ALTER TABLE task ADD COLUMN memory_bytes INTEGER",
    "ALTER TABLE task ADD COLUMN gpus TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE task ADD COLUMN output TEXT",
)

VERSION_5 = (
    # Long-lived processes of skafd's own; `number` is that of the last start.
    """CREATE TABLE service (
        name TEXT PRIMARY KEY,
        since INTEGER NOT NULL,
        state TEXT NOT NULL,
        number INTEGER NOT NULL,
        restarts INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        start_at INTEGER,
        reason TEXT NOT NULL,
        boot_id TEXT
    ) STRICT, WITHOUT ROWID""",
)

VERSION_6 = (
    # A flow's task: what it is called within its job, and where in the flow it stands.
    "ALTER TABLE task ADD COLUMN part TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE task ADD COLUMN token TEXT",
)

VERSION_7 = (
    # Jobs with an environment of their own; and of each environment what was resolved, to make it again.
    "ALTER TABLE deployment ADD COLUMN job_environments TEXT NOT NULL DEFAULT '[]'",
    "DROP TABLE environment",
    """CREATE TABLE environment (
        key TEXT PRIMARY KEY,
        lock TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

VERSION_8 = (
    # Events from outside: files, other projects' successes, webhooks, named events. `project` is whose file or webhook.
    """CREATE TABLE heard (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        project INTEGER REFERENCES project(id),
        detail TEXT NOT NULL,
        facts TEXT NOT NULL,
        parameters TEXT NOT NULL,
        key TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX heard_by_key ON heard(kind, name, ifnull(project, 0), key) WHERE key IS NOT NULL",
    "CREATE INDEX heard_by_instant ON heard(at)",
    # Jobs that waited for an event and got no run for it. Those that got one are found by `run.cause_event`.
    """CREATE TABLE unheeded (
        heard INTEGER NOT NULL REFERENCES heard(id) ON DELETE CASCADE,
        project INTEGER NOT NULL REFERENCES project(id),
        job TEXT NOT NULL,
        cause TEXT NOT NULL,
        PRIMARY KEY (heard, project, job)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX unheeded_by_project ON unheeded(project, heard)",
    "ALTER TABLE run ADD COLUMN cause_event INTEGER",
    "ALTER TABLE run ADD COLUMN cause_event_details TEXT",
    "CREATE INDEX run_by_event ON run(cause_event) WHERE cause_event IS NOT NULL",
    # What of the files that projects wait for was told to their jobs: `identity` is the size and the time of writing.
    """CREATE TABLE arrived_file (
        project INTEGER NOT NULL REFERENCES project(id),
        pattern TEXT NOT NULL,
        path TEXT NOT NULL,
        identity TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (project, pattern, path)
    ) STRICT, WITHOUT ROWID""",
    # Of a token only its SHA-256 is kept.
    """CREATE TABLE webhook_token (
        id INTEGER PRIMARY KEY,
        project INTEGER NOT NULL REFERENCES project(id),
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        last_used_at INTEGER
    ) STRICT""",
    "CREATE INDEX webhook_token_by_name ON webhook_token(project, name)",
)

VERSION_9 = (
    # What was answered to a call of a job, so that the same call, asked again, has no second effect.
    """CREATE TABLE job_call (
        request TEXT PRIMARY KEY,
        answer TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX job_call_by_age ON job_call(at)",
    # Where rows name a run, 0 is none: somebody at a laptop or in a notebook.
    """CREATE TABLE metric_series (
        id INTEGER PRIMARY KEY,
        project INTEGER NOT NULL REFERENCES project(id),
        run INTEGER NOT NULL,
        job TEXT NOT NULL,
        instance INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        name TEXT NOT NULL,
        x_label TEXT NOT NULL,
        y_label TEXT NOT NULL,
        points INTEGER NOT NULL DEFAULT 0,
        UNIQUE (project, run, job, instance, attempt, name)
    ) STRICT""",
    "CREATE INDEX metric_series_by_name ON metric_series(project, name, run)",
    # `y` is NULL where it is not a number; `x` is NULL where none was given.
    """CREATE TABLE metric_point (
        series INTEGER NOT NULL REFERENCES metric_series(id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        x ANY,
        y REAL,
        at INTEGER NOT NULL,
        PRIMARY KEY (series, number)
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE attempt ADD COLUMN progress TEXT",
    """CREATE TABLE artifact (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        project INTEGER NOT NULL REFERENCES project(id),
        run INTEGER NOT NULL,
        job TEXT NOT NULL,
        instance INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        form TEXT NOT NULL,
        type TEXT NOT NULL,
        saved_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX artifact_by_run ON artifact(project, run, name)",
    "CREATE INDEX artifact_by_name ON artifact(project, name)",
    "CREATE INDEX artifact_by_content ON artifact(sha256)",
    """CREATE TABLE model_version (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        project INTEGER NOT NULL REFERENCES project(id),
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        access TEXT NOT NULL CHECK (access IN ('private', 'public')),
        run INTEGER NOT NULL,
        job TEXT NOT NULL,
        instance INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        deployment INTEGER,
        snapshot_hash TEXT NOT NULL,
        inserted_at INTEGER NOT NULL,
        UNIQUE (project, name, version)
    ) STRICT""",
    "CREATE INDEX model_version_by_content ON model_version(sha256)",
    """CREATE TABLE model_tag (
        model INTEGER NOT NULL REFERENCES model_version(id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (model, tag)
    ) STRICT, WITHOUT ROWID""",
    # What an attempt has read, and who had made it.
    """CREATE TABLE input (
        project INTEGER NOT NULL REFERENCES project(id),
        run INTEGER NOT NULL,
        job TEXT NOT NULL,
        instance INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        made_by TEXT NOT NULL,
        artifact INTEGER,
        at INTEGER NOT NULL,
        PRIMARY KEY (project, run, job, instance, attempt, kind, name, version, sha256, made_by)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX input_by_artifact ON input(artifact) WHERE artifact IS NOT NULL",
)

VERSION_10 = (
    # Why the attempt was asked to end: whoever is killed between writing that and doing it does it when back.
    "ALTER TABLE attempt ADD COLUMN kill_reason TEXT",
)

VERSION_11 = (
    # What skafd adds beside the jobs' environments, as for notebooks: names with the keys of environments.
    "ALTER TABLE deployment ADD COLUMN layers TEXT NOT NULL DEFAULT '[]'",
)

VERSION_12 = (
    # Tokens of the Data Endpoint.
    """CREATE TABLE data_token (
        id INTEGER PRIMARY KEY,
        project INTEGER NOT NULL REFERENCES project(id),
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        last_used_at INTEGER
    ) STRICT""",
    "CREATE INDEX data_token_by_project ON data_token(project)",
)

VERSION_13 = (
    # Who asked for a run by hand. Of those that were asked for before nobody knows it.
    "ALTER TABLE run ADD COLUMN cause_user TEXT NOT NULL DEFAULT ''",
    "UPDATE run SET cause_user = 'unknown' WHERE cause = 'manual'",
    """CREATE TABLE run_tag (
        run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (run, tag)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX run_tag_by_tag ON run_tag(tag, run)",
)

VERSION_14 = (
    # Whose the project's folder was last, which counts while it is gone; NULL where nobody needed to know.
    "ALTER TABLE project ADD COLUMN owner_uid INTEGER",
    "ALTER TABLE project ADD COLUMN owner_gid INTEGER",
)

VERSION_15 = (
    # The day whose packages count for a project's folder, as `skafd up --resolve-as-of` has said it.
    """CREATE TABLE folder_day (
        folder TEXT PRIMARY KEY,
        day TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

VERSION_16 = (
    # Events that a job keeps until the others of a set have come; `run` is the number of the run that they set off.
    """CREATE TABLE gathered (
        heard INTEGER NOT NULL REFERENCES heard(id) ON DELETE CASCADE,
        project INTEGER NOT NULL REFERENCES project(id),
        job TEXT NOT NULL,
        together TEXT NOT NULL,
        member TEXT NOT NULL,
        at INTEGER NOT NULL,
        chain TEXT NOT NULL,
        run INTEGER,
        PRIMARY KEY (heard, project, job, together, member)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX gathered_by_project ON gathered(project, run)",
    # At each success it is asked whether it was the last of its job, which may have ten thousand tasks.
    "CREATE INDEX task_not_succeeded ON task(project, run, job) WHERE state != 'succeeded'",
)

VERSION_17 = (
    # How a step of a flow was started: `warm`, or `cold: ` and why.
    "ALTER TABLE attempt ADD COLUMN start TEXT NOT NULL DEFAULT ''",
)

VERSION_18 = (
    # Who wrote to a table last, and since when: what was read of it was made by that one.
    """CREATE TABLE table_write (
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        project INTEGER NOT NULL REFERENCES project(id),
        run INTEGER NOT NULL,
        job TEXT NOT NULL,
        instance INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (owner, name)
    ) STRICT, WITHOUT ROWID""",
)

STEPS = (
    VERSION_1,
    VERSION_2,
    VERSION_3,
    VERSION_4,
    VERSION_5,
    VERSION_6,
    VERSION_7,
    VERSION_8,
    VERSION_9,
    VERSION_10,
    VERSION_11,
    VERSION_12,
    VERSION_13,
    VERSION_14,
    VERSION_15,
    VERSION_16,
    VERSION_17,
    VERSION_18,
)
"""One tuple of statements per version. A step that was released is never changed: add another."""

SCHEMA_VERSION = len(STEPS)


@crash.around("migration")
def migrate(connection: sqlite3.Connection) -> None:
    """Brings the database up to SCHEMA_VERSION, each step in a transaction of its own."""
    # Imported here: it costs 0.2 s and 7 MB, and most starts of the daemon have nothing to migrate.
    with _hidden("numpy", "pandas"):
        import sqlite_utils

    migrations = sqlite_utils.Migrations("skafd")
    for version, statements in enumerate(STEPS, start=1):
        migrations(name=f"version_{version}")(_step(version, statements))
    migrations.apply(sqlite_utils.Database(connection, recursive_triggers=False, execute_plugins=False))


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Lets optional imports of these fail: where they are installed, they would cost time and 20 MB for nothing."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


def _step(version: int, statements: tuple[str, ...]) -> Callable[[Database], None]:
    def apply(database: Database) -> None:
        for statement in statements:
            database.execute(statement)
        database.execute("REPLACE INTO meta (key, value) VALUES ('written_by', ?)", [__version__])
        database.execute(f"PRAGMA user_version = {version}")

    return apply
