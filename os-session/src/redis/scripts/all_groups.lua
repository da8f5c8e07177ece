#!lua flags=allow-oom
-- The names of all groups, in no order.
return call('SMEMBERS', all_groups)
