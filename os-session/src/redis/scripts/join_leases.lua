#!lua flags=allow-oom
-- Puts a node on the list.
local name, lease = ARGV[2], ARGV[3]
local position = tonumber(call('GET', log_position) or 0)
call('HSET', leases, name, text(position) .. ' 0 ' .. lease)
call('HSET', leases_told, name, text(position))
return position
