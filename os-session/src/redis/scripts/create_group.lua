#!lua
-- Creates a group, unless it is there.
return call('SADD', all_groups, ARGV[2])
