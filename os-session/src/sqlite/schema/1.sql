-- Every name begins with `os_session_`: the rest of the file is the application's.

CREATE TABLE os_session_schema (
    version INTEGER NOT NULL,
    compatible_from INTEGER NOT NULL
) STRICT;
INSERT INTO os_session_schema VALUES (0, 0);

-- Moments are milliseconds since the Unix epoch. `id` grows with each log-in.
CREATE TABLE os_session_sessions (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,           -- the SHA-256 of the token
    user TEXT NOT NULL,
    handle INTEGER NOT NULL,            -- 64 bits, of which the first reads as a sign
    device TEXT,
    opened INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    authenticated INTEGER NOT NULL,
    idle INTEGER NOT NULL,              -- how long it lives after `seen`
    ends INTEGER NOT NULL,              -- when it ends in any case
    expires INTEGER NOT NULL,           -- the earlier of the two
    browser INTEGER NOT NULL,           -- 1: its cookie is gone when the browser exits
    format INTEGER NOT NULL DEFAULT 1   -- of this row; a release leaves rows of newer formats alone
) STRICT;
CREATE INDEX os_session_by_user ON os_session_sessions (user);
CREATE INDEX os_session_by_expiry ON os_session_sessions (expires);

CREATE TABLE os_session_groups (
    name TEXT PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE os_session_members (
    user TEXT NOT NULL,
    name TEXT NOT NULL REFERENCES os_session_groups,
    PRIMARY KEY (user, name)
) STRICT, WITHOUT ROWID;
