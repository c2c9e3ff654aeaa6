"""What jobs say and keep."""

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
