import { classTables, courseTables } from './class-tables.js'
import { evidencePlaces, regradingTable, submissionTables } from './submission-tables.js'

/**
 * How a SQLite file became what it is, step by step: `user_version` counts those that it has seen. A step that was ever
 * released is never changed; what is new comes behind it, here and in postgres-migrations.ts. Times are ISO 8601 in UTC.
 */
export const sqliteMigrations: readonly string[] = [
  `
  CREATE TABLE learner (
    id TEXT PRIMARY KEY,
    name TEXT,
    is_local INTEGER NOT NULL DEFAULT 0 CHECK (is_local IN (0, 1)),
    created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX learner_local ON learner (is_local) WHERE is_local = 1;

  CREATE TABLE class (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE membership (
    class TEXT NOT NULL REFERENCES class (id) ON DELETE CASCADE,
    learner TEXT NOT NULL REFERENCES learner (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('learner', 'teacher')),
    joined_at TEXT NOT NULL,
    PRIMARY KEY (class, learner)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX membership_learner ON membership (learner);

  CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    learner TEXT NOT NULL REFERENCES learner (id) ON DELETE CASCADE,
    lab TEXT NOT NULL,
    rack TEXT UNIQUE,
    created_at TEXT NOT NULL,
    ended_at TEXT,
    end_reason TEXT CHECK (end_reason IN ('idle', 'left', 'lost', 'failed')),
    used_ms INTEGER NOT NULL DEFAULT 0,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK (rack IS NULL OR ended_at IS NULL)
  ) STRICT;
  CREATE INDEX session_learner ON session (learner, lab, number);
  CREATE INDEX session_open ON session (number) WHERE ended_at IS NULL;

  CREATE TABLE step (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    state TEXT CHECK (state IN ('passed', 'helped', 'skipped')),
    at TEXT,
    is_shown INTEGER NOT NULL DEFAULT 0 CHECK (is_shown IN (0, 1)),
    is_done INTEGER NOT NULL DEFAULT 0 CHECK (is_done IN (0, 1)),
    PRIMARY KEY (session, id),
    CHECK ((state IS NULL) = (at IS NULL))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE answer (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (session, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE hint (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    check_index INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (session, step, check_index)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE verdict (
    number INTEGER PRIMARY KEY,
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    check_index INTEGER NOT NULL,
    family TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('pass', 'fail', 'error')),
    reason TEXT,
    evidence TEXT NOT NULL,
    is_asked INTEGER NOT NULL CHECK (is_asked IN (0, 1)),
    at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX verdict_check ON verdict (session, step, check_index, number);
  `,
  `
  CREATE TABLE timeline (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    entry TEXT NOT NULL,
    state BLOB,
    PRIMARY KEY (session, id)
  ) STRICT;
  `,
  // What the lab's folder contained; unknown of what is older.
  `
  ALTER TABLE session ADD COLUMN lab_hash TEXT;
  ALTER TABLE verdict ADD COLUMN lab_hash TEXT;
  `,
  // Tells these records from those of another server.
  `
  CREATE TABLE identity (id TEXT NOT NULL) STRICT;
  INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));
  `,
  // Whether the cause was told that the step asks to find.
  `
  ALTER TABLE step ADD COLUMN is_told INTEGER NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1));
  `,
  // Whose racks a session may have, and what waits for PostgreSQL: the same file, by another name, is what a server keeps beside that.
  `
  ALTER TABLE session ADD COLUMN server TEXT;
  UPDATE session SET server = (SELECT id FROM identity);
  CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    change TEXT NOT NULL,
    at TEXT NOT NULL,
    refused TEXT
  ) STRICT;
  CREATE TABLE outbox_mark (delivered INTEGER NOT NULL) STRICT;
  INSERT INTO outbox_mark (delivered) VALUES (0);
  `,
  // What the numbers of its lab are drawn from.
  'ALTER TABLE session ADD COLUMN seed TEXT',
  // The two tables of the first step were never used.
  `
  DROP TABLE membership;
  DROP TABLE class;
  ${classTables(' STRICT')}
  `,
  submissionTables(' STRICT'),
  courseTables(' STRICT'),
  evidencePlaces,
  regradingTable(' STRICT'),
]
