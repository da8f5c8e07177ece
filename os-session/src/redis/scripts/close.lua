#!lua flags=allow-oom
-- Ends the session of that key.
return {end_session(ARGV[2], CLOSED, moment())}
