#!lua flags=allow-oom
-- Ends the session of that key.
is_revocation = true
return {end_session(ARGV[2], CLOSED, moment())}
