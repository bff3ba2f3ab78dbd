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
    ended_at TEXT,
    -- What everybody's own numbers are drawn from; without it all have those of practice.
    number_key TEXT,
    -- So long after its end all that is kept of its learners goes.
    keep_days INTEGER,
    -- What is withheld, by lab.
    locks TEXT NOT NULL DEFAULT '{}'
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

  -- Who wants help, with the step and the check that does not pass.
  CREATE TABLE hand (
    seat TEXT PRIMARY KEY REFERENCES seat (id) ON DELETE CASCADE,
    lab TEXT NOT NULL,
    step TEXT,
    reason TEXT,
    why TEXT,
    helper TEXT,
    at TEXT NOT NULL
  )${ending};

  -- What staff told a class, or one of it.
  CREATE TABLE note (
    id TEXT PRIMARY KEY,
    class TEXT NOT NULL REFERENCES class (id) ON DELETE CASCADE,
    seat TEXT REFERENCES seat (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at TEXT NOT NULL
  )${ending};
  CREATE INDEX note_class ON note (class, at, id);

  -- Who asked to look into a learner's terminals, and what became of it.
  CREATE TABLE look (
    id TEXT PRIMARY KEY,
    seat TEXT NOT NULL REFERENCES seat (id) ON DELETE CASCADE,
    person TEXT NOT NULL,
    by_name TEXT NOT NULL,
    may_write INTEGER NOT NULL CHECK (may_write IN (0, 1)),
    asked_at TEXT NOT NULL,
    given_at TEXT,
    ends_at TEXT,
    ended_at TEXT
  )${ending};
  CREATE INDEX look_seat ON look (seat, asked_at, id);

  -- What browsers keep, by the hash of their cookie.
  CREATE TABLE login (
    hash TEXT PRIMARY KEY,
    learner TEXT NOT NULL REFERENCES learner (id) ON DELETE CASCADE,
    -- In seconds: a month of milliseconds is more than 32 bits.
    idle_s INTEGER NOT NULL,
    made_at TEXT NOT NULL,
    used_at TEXT NOT NULL,
    ends_at TEXT NOT NULL
  )${ending};
  CREATE INDEX login_learner ON login (learner);

  -- Whom a login service knows: by issuer and subject, never by an address alone. One may have a seat in several classes.
  CREATE TABLE identity_of (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    learner TEXT NOT NULL REFERENCES learner (id) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject, learner)
  )${ending};
  CREATE INDEX identity_of_learner ON identity_of (learner);

  -- By which one of the staff sets a password, once.
  CREATE TABLE invitation (
    hash TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    ends_at TEXT NOT NULL
  )${ending};
`

/**
 * What classes have besides: dates of labs, room on the machine, a rule for who is stuck, hints that were given, more time for one. As both
 * databases take it.
 */
export const courseTables = (ending: '' | ' STRICT') => `
  -- Racks of its learners at the same time; as many as the machine has where it is missing.
  ALTER TABLE class ADD COLUMN capacity INTEGER;
  -- Learners for whom hosts are made ready before it begins.
  ALTER TABLE class ADD COLUMN expected INTEGER;
  -- By lab: when it opens, until when it is worked at, and which lab comes before it.
  ALTER TABLE class ADD COLUMN dates TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE class ADD COLUMN stuck_rule TEXT;
  ALTER TABLE class ADD COLUMN is_queue_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_queue_paused IN (0, 1));
  -- Until when they may work where others may not any more: in the class, and by lab.
  ALTER TABLE seat ADD COLUMN extensions TEXT NOT NULL DEFAULT '{}';
  -- Whoever helps may look into their terminals.
  ALTER TABLE hand ADD COLUMN offer TEXT CHECK (offer IN ('view', 'write'));

  -- Prepared hints that staff gave, each once.
  CREATE TABLE given_hint (
    seat TEXT NOT NULL REFERENCES seat (id) ON DELETE CASCADE,
    lab TEXT NOT NULL,
    step TEXT NOT NULL,
    check_index INTEGER NOT NULL,
    hint INTEGER NOT NULL,
    by_name TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (seat, lab, step, check_index, hint)
  )${ending};
`
