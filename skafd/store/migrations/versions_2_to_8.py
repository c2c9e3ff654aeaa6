"""What came to the first schema until jobs waited for events."""

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
