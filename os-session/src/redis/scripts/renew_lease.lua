#!lua flags=allow-oom
-- Notes that a node has applied the log up to a position, and tells it the rest; nothing if it is not on the list. At more than `most` revocations
-- it is told that it is too much.
local name, has_applied, most = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local record = call('HGET', leases, name)
if not record then
    return false
end
local applied, renewals, lease = string.match(record, '^(%d+) (%d+) (%d+)$')
applied = math.max(tonumber(applied), has_applied)
call('HSET', leases, name, text(applied) .. ' ' .. text(renewals + 1) .. ' ' .. lease)
local reached, words = tonumber(call('GET', log_position) or 0), {}
local is_too_much = call('ZCOUNT', log, '(' .. text(has_applied), '+inf') > most
if not is_too_much then
    words = call('ZRANGEBYSCORE', log, '(' .. text(has_applied), '+inf')
end
-- What all have applied is needed no more.
local least = applied
for _, other in ipairs(call('HVALS', leases)) do
    least = math.min(least, tonumber(string.match(other, '^%d+')))
end
call('ZREMRANGEBYSCORE', log, '-inf', text(least))
return {math.max(reached, has_applied), is_too_much and 1 or 0, words}
