"""The tables of a workspace's `graft.db`, as steps: each runs once, in order, and is never changed afterwards."""

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "first",
        """
        CREATE TABLE datasets (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, created REAL NOT NULL,
            classes TEXT NOT NULL, splits_from TEXT NOT NULL, seed INTEGER NOT NULL,
            images INTEGER NOT NULL, deleted REAL
        );
        CREATE TABLE samples (
            dataset TEXT NOT NULL, number INTEGER NOT NULL, path TEXT NOT NULL, file TEXT NOT NULL,
            label INTEGER NOT NULL, split INTEGER NOT NULL, grp INTEGER NOT NULL,
            width INTEGER NOT NULL, height INTEGER NOT NULL, PRIMARY KEY (dataset, number)
        ) WITHOUT ROWID;
        CREATE TABLE problems (
            dataset TEXT NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL, reason TEXT NOT NULL,
            kind TEXT NOT NULL, files INTEGER NOT NULL, PRIMARY KEY (dataset, number)
        ) WITHOUT ROWID;
        CREATE TABLE jobs (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            payload TEXT NOT NULL, dataset TEXT NOT NULL, recipe TEXT NOT NULL, lane TEXT NOT NULL,
            device TEXT NOT NULL DEFAULT '', status TEXT NOT NULL, created REAL NOT NULL,
            started REAL, finished REAL, error TEXT NOT NULL DEFAULT '', log TEXT NOT NULL DEFAULT '',
            result TEXT NOT NULL DEFAULT '{}', deleted REAL
        );
        CREATE INDEX jobs_by_status ON jobs (status, lane, number);
        CREATE INDEX jobs_by_recipe ON jobs (recipe);
        CREATE TABLE events (
            job TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (job, seq)
        ) WITHOUT ROWID;
        """,
    ),
    ("timings of backbones are called speed", "UPDATE jobs SET kind = 'speed' WHERE kind = 'measure'"),
    ("what was said", "CREATE TABLE said (dataset TEXT PRIMARY KEY, body TEXT NOT NULL, time REAL NOT NULL)"),
    (
        "marks for a corrected version",
        "CREATE TABLE marks (dataset TEXT NOT NULL, sample INTEGER NOT NULL, label INTEGER, "
        "PRIMARY KEY (dataset, sample)) WITHOUT ROWID",
    ),
    (
        "runs come back with their dataset",
        "ALTER TABLE datasets ADD COLUMN removed REAL;"  # when it was last deleted, also after it came back
        "CREATE INDEX jobs_by_dataset ON jobs (dataset, kind)",
    ),
    (
        "a prediction names the run that it is of",
        "UPDATE jobs SET payload = replace(payload, '\"run\":', '\"of\":') WHERE kind = 'predict'",
    ),
    # No table changes: recipes may hold more, which an older Graft does not know.
    ("settings of the picture, of augmentation, of the schedule and of the head", ""),
    ("a second stop ends a run at once", "ALTER TABLE jobs ADD COLUMN stops INTEGER NOT NULL DEFAULT 0"),
    (
        "ensembles that somebody made of runs",
        "CREATE TABLE ensembles (dataset TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (dataset, id))",
    ),
    (
        "names of runs, notes and tags",
        "CREATE TABLE remarks (about TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL, tags TEXT NOT NULL)",
    ),
)
