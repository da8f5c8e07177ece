#!lua flags=allow-oom
-- Takes a node off the list: in any case, or if it has said that often that it is there.
local name, renewals = ARGV[2], optional(ARGV[3])
if renewals and string.match(call('HGET', leases, name) or '', '^%d+ (%d+) ') ~= renewals then
    return 0
end
call('HDEL', leases, name)
call('HDEL', leases_told, name)
if call('EXISTS', leases) == 0 then
    call('DEL', log)
end
return 1
