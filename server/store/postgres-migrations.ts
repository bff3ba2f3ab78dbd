import { classTables, courseTables } from './class-tables.js'
import { evidencePlaces, regradingTable, submissionTables } from './submission-tables.js'

/**
 * How the tables in a PostgreSQL database became what they are, step by step: `vethlab_version` counts those that it has seen. A
 * step that was ever released is never changed; what is new comes behind it, here and in sqlite-migrations.ts. Columns have the
 * names and meanings that they have there, so that both understand the same SQL.
 */
export const postgresMigrations: readonly string[] = [
  `
  CREATE TABLE learner (
    id TEXT PRIMARY KEY,
    name TEXT,
    is_local INTEGER NOT NULL DEFAULT 0 CHECK (is_local IN (0, 1)),
    created_at TEXT NOT NULL
  );
  CREATE UNIQUE INDEX learner_local ON learner (is_local) WHERE is_local = 1;

  CREATE TABLE session (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    learner TEXT NOT NULL REFERENCES learner (id) ON DELETE CASCADE,
    lab TEXT NOT NULL,
    lab_hash TEXT,
    server TEXT,
    rack TEXT UNIQUE,
    created_at TEXT NOT NULL,
    ended_at TEXT,
    end_reason TEXT CHECK (end_reason IN ('idle', 'left', 'lost', 'failed')),
    used_ms BIGINT NOT NULL DEFAULT 0,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK (rack IS NULL OR ended_at IS NULL)
  );
  CREATE INDEX session_learner ON session (learner, lab, number);
  CREATE INDEX session_open ON session (number) WHERE ended_at IS NULL;

  CREATE TABLE step (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    state TEXT CHECK (state IN ('passed', 'helped', 'skipped')),
    at TEXT,
    is_shown INTEGER NOT NULL DEFAULT 0 CHECK (is_shown IN (0, 1)),
    is_done INTEGER NOT NULL DEFAULT 0 CHECK (is_done IN (0, 1)),
    is_told INTEGER NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1)),
    PRIMARY KEY (session, id),
    CHECK ((state IS NULL) = (at IS NULL))
  );

  CREATE TABLE answer (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (session, id)
  );

  CREATE TABLE hint (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    check_index INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (session, step, check_index)
  );

  CREATE TABLE verdict (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    check_index INTEGER NOT NULL,
    family TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('pass', 'fail', 'error')),
    reason TEXT,
    evidence TEXT NOT NULL,
    lab_hash TEXT,
    is_asked INTEGER NOT NULL CHECK (is_asked IN (0, 1)),
    at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX verdict_check ON verdict (session, step, check_index, number);

  CREATE TABLE timeline (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    entry TEXT NOT NULL,
    state BYTEA,
    PRIMARY KEY (session, id)
  );

  -- Up to which change each server's outbox is in these tables.
  CREATE TABLE delivery (
    server TEXT PRIMARY KEY,
    number BIGINT NOT NULL
  );
  `,
  // What the numbers of its lab are drawn from.
  'ALTER TABLE session ADD COLUMN seed TEXT',
  classTables(''),
  submissionTables(''),
  courseTables(''),
  evidencePlaces,
  regradingTable(''),
]
