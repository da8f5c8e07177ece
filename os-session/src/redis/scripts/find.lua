#!lua flags=allow-oom
-- A live session, and its user's groups.
local key, now = ARGV[2], moment()
if not is_live(all_sessions, key, now) then
    return false
end
local record = call(
    'HMGET', session_at(key),
    'format', 'handle', 'user', 'opened', 'seen', 'authenticated', 'ends', 'expire'
)
if not (record[1] or record[2] or record[3]) then
    return false
end
return {now, record, record[3] and call('SMEMBERS', groups_of(record[3])) or {}, call('ZSCORE', all_sessions, key)}
