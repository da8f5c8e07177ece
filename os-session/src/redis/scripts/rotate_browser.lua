#!lua flags=allow-oom
-- Gives a live browser another key, and says which session is open in it.
local from, to, session = ARGV[2], ARGV[3], optional(ARGV[4])
if not live_browser(from, moment()) then
    return 0
elseif call('EXISTS', browser_at(to)) == 1 then
    return TAKEN
end
local ends, before = call('ZSCORE', all_browsers, from), call('HGET', browser_at(from), 'session')
call('RENAME', browser_at(from), browser_at(to))
call('ZREM', all_browsers, from)
call('ZADD', all_browsers, ends, to)
if before then
    call('SREM', browsers_with(before), from)
    call('HDEL', browser_at(to), 'session')
end
if session then
    call('HSET', browser_at(to), 'session', session)
    call('SADD', browsers_with(session), to)
end
return 1
