"""The first version of the schema."""

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
