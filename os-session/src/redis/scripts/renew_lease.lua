#!lua flags=allow-oom
-- Notes that a node has applied the log up to a position, and tells it the rest. Nothing if it is not on the list, or has applied more than it was
-- told by what is here, as after a crash in which the server lost its last writes: then it stays on the list, since it may admit until it knows. At more
-- than `most` revocations it is told that it is too much, as it is where some are missing.
local name, has_applied, most = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local record, was_told = call('HGET', leases, name), tonumber(call('HGET', leases_told, name) or -1)
local reached = tonumber(call('GET', log_position) or 0)
if not record or was_told < has_applied or reached < has_applied then
    return false
end
local applied, renewals, lease = string.match(record, '^(%d+) (%d+) (%d+)$')
applied = math.max(tonumber(applied), has_applied)
call('HSET', leases, name, text(applied) .. ' ' .. text(renewals + 1) .. ' ' .. lease)
call('HSET', leases_told, name, text(reached))
local words = {}
local entries = call('ZCOUNT', log, '(' .. text(has_applied), '+inf')
-- Positions have no gaps.
local is_too_much = entries > most or entries ~= reached - has_applied
if not is_too_much then
    words = call('ZRANGEBYSCORE', log, '(' .. text(has_applied), '+inf')
end
-- What all have applied is needed no more.
local least = applied
for _, other in ipairs(call('HVALS', leases)) do
    least = math.min(least, tonumber(string.match(other, '^%d+')))
end
call('ZREMRANGEBYSCORE', log, '-inf', text(least))
return {reached, is_too_much and 1 or 0, words}
