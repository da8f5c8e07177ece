#!lua flags=allow-oom
-- Ends all sessions of a user, except the one of that key.
is_revocation = true
return end_all(ARGV[2], optional(ARGV[3]), moment())
