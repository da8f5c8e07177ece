#!lua flags=allow-oom
-- Whether a user is in a group.
return call('SISMEMBER', groups_of(ARGV[2]), ARGV[3])
