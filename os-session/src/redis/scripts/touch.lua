#!lua flags=allow-oom
-- Marks a live session as seen now.
local key, now = ARGV[2], moment()
local session = usable_session(key, now)
if not session then
    return 0
end
local seen = math.max(session.seen, now)
local ends = over(seen, session.idle, session.ends)
call('HSET', session_at(key), 'seen', text(seen))
call('ZADD', all_sessions, 'XX', ends, key)
call('ZADD', sessions_of(session.user), 'XX', ends, key)
return 1
