#!lua flags=allow-oom
-- Puts a user in a group that is there.
is_revocation = true
local user, group = ARGV[2], ARGV[3]
if call('SISMEMBER', all_groups, group) == 0 then
    return 0
end
change_membership(user, group, true)
return 1
