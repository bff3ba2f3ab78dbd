/**
 * The tables of classes and of who is let in, as both databases take them. This step was released: it is never changed.
 * @param ending what SQLite wants behind each table
 */
export const classTables = (ending: '' | ' STRICT') => `
  -- One of the staff, who is a learner too: staff try labs.
  CREATE TABLE person (
    id TEXT PRIMARY KEY REFERENCES learner (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    login TEXT NOT NULL UNIQUE,
    password TEXT,
    may_found INTEGER NOT NULL DEFAULT 0 CHECK (may_found IN (0, 1)),
    created_at TEXT NOT NULL
  )${ending};

  CREATE TABLE class (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    labs TEXT NOT NULL,
    code TEXT UNIQUE,
    code_ends_at TEXT,
    is_roster_only INTEGER NOT NULL DEFAULT 0 CHECK (is_roster_only IN (0, 1)),
    starts_at TEXT,
    ends_at TEXT,
    created_at TEXT NOT NULL,
    ended_at TEXT
  )${ending};

  CREATE TABLE member (
    class TEXT NOT NULL REFERENCES class (id) ON DELETE CASCADE,
    person TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('teacher', 'assistant', 'viewer')),
    PRIMARY KEY (class, person)
  )${ending};
  CREATE INDEX member_person ON member (person);

  CREATE TABLE seat (
    id TEXT PRIMARY KEY,
    class TEXT NOT NULL REFERENCES class (id) ON DELETE CASCADE,
    learner TEXT NOT NULL UNIQUE REFERENCES learner (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    student TEXT,
    email TEXT,
    section TEXT,
    phrase TEXT UNIQUE,
    is_of_roster INTEGER NOT NULL CHECK (is_of_roster IN (0, 1)),
    joined_at TEXT,
    created_at TEXT NOT NULL
  )${ending};
  CREATE INDEX seat_class ON seat (class, created_at, id);

  -- What browsers keep, by the hash of their cookie.
  CREATE TABLE login (
    hash TEXT PRIMARY KEY,
    learner TEXT NOT NULL REFERENCES learner (id) ON DELETE CASCADE,
    idle_ms INTEGER NOT NULL,
    made_at TEXT NOT NULL,
    used_at TEXT NOT NULL,
    ends_at TEXT NOT NULL
  )${ending};
  CREATE INDEX login_learner ON login (learner);

  -- By which one of the staff sets a password, once.
  CREATE TABLE invitation (
    hash TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    ends_at TEXT NOT NULL
  )${ending};
`
