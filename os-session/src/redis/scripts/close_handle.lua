#!lua flags=allow-oom
-- Ends the session of a user that has that public name.
is_revocation = true
local user, handle = ARGV[2], ARGV[3]
local key = session_named(user, handle)
return {key and end_session(key, CLOSED, moment(), user)}
