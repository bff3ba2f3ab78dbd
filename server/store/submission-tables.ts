/**
 * What was handed in of assessed labs, as both databases take it. This step was released: it is never changed.
 * @param ending what SQLite wants behind each table
 */
export const submissionTables = (ending: '' | ' STRICT') => `
  -- What counts, by lab, and how.
  ALTER TABLE class ADD COLUMN assessed TEXT NOT NULL DEFAULT '{}';

  -- A session is named alone: it may be on record later than this.
  CREATE TABLE submission (
    id TEXT PRIMARY KEY,
    learner TEXT NOT NULL REFERENCES learner (id) ON DELETE CASCADE,
    lab TEXT NOT NULL,
    session TEXT NOT NULL,
    number INTEGER NOT NULL,
    accepted_at TEXT NOT NULL,
    -- Missing until it was judged, and for ever where whoever judged was ended.
    result TEXT,
    UNIQUE (learner, lab, number)
  )${ending};
`

/** As both databases take it. */
export const evidencePlaces = `
  -- Where the evidence of a submission is that came along when two seats were made one: its learner and number are other ones now.
  ALTER TABLE submission ADD COLUMN evidence TEXT;
`

/** As both databases take it. @param ending what SQLite wants behind each table */
export const regradingTable = (ending: '' | ' STRICT') => `
  -- What was handed in, judged again from its evidence by checks of later. What it was worth at first stays beside it.
  CREATE TABLE regrading (
    submission TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (submission, number)
  )${ending};
`
