"""What came since jobs say and keep things. The next step goes here."""

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

VERSION_19 = (
    # The clock was set, or the machine slept: by so many microseconds the timeout of the run passes later.
    "ALTER TABLE run ADD COLUMN extended INTEGER NOT NULL DEFAULT 0",
)

VERSION_20 = (
    # What the schedules give to the runs of a backfill: from microseconds since 1970 to pairs.
    "ALTER TABLE backfill ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}'",
)

VERSION_21 = (
    # Attempts of which nothing ran for want of room, or of their environment.
    "ALTER TABLE task ADD COLUMN excused INTEGER NOT NULL DEFAULT 0",
)
