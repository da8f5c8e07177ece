-- `id` may be given again, since what belongs to it goes with it.
CREATE TABLE os_session_browsers (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,           -- the SHA-256 of the browser's token
    seen INTEGER NOT NULL,
    idle INTEGER NOT NULL,              -- how long it lives after `seen`, once its cookie has come back
    new_idle INTEGER,                   -- how long it lives after `seen` until then; null: it has come back
    expires INTEGER NOT NULL,
    session INTEGER                     -- the handle of the session that is open in it
) STRICT;
CREATE INDEX os_session_browsers_by_expiry ON os_session_browsers (expires);
CREATE INDEX os_session_browsers_by_use ON os_session_browsers (new_idle IS NULL, seen);
CREATE INDEX os_session_browsers_by_session ON os_session_browsers (session);

-- How many browsers there are, so that none has to be counted when one is made.
CREATE TABLE os_session_browser_count (
    browsers INTEGER NOT NULL
) STRICT;
INSERT INTO os_session_browser_count VALUES (0);
CREATE TRIGGER os_session_browser_made AFTER INSERT ON os_session_browsers BEGIN
    UPDATE os_session_browser_count SET browsers = browsers + 1;
END;
CREATE TRIGGER os_session_browser_gone AFTER DELETE ON os_session_browsers BEGIN
    UPDATE os_session_browser_count SET browsers = browsers - 1;
END;

CREATE TABLE os_session_slots (
    kind INTEGER NOT NULL,              -- `owner` is 1: the `id` of a session, 2: a user, 3: the `id` of a browser
    owner ANY NOT NULL,
    tab BLOB NOT NULL,                  -- empty: of no tab
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (kind, owner, tab, name)
) STRICT;

-- The version that was given last, to whichever slot.
CREATE TABLE os_session_versions (
    last INTEGER NOT NULL
) STRICT;
INSERT INTO os_session_versions VALUES (0);

-- Triggers instead of foreign keys, which a connection may have switched off; a release that knows of no slots ends them as well.
CREATE TRIGGER os_session_slots_of_session AFTER DELETE ON os_session_sessions BEGIN
    DELETE FROM os_session_slots WHERE kind = 1 AND owner = OLD.id;
END;
CREATE TRIGGER os_session_slots_of_browser AFTER DELETE ON os_session_browsers BEGIN
    DELETE FROM os_session_slots WHERE kind = 3 AND owner = OLD.id;
END;
