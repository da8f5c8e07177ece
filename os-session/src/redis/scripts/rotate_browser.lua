#!lua flags=allow-oom
-- Gives a live browser another key, and says which session is open in it.
local from, to, session = ARGV[2], ARGV[3], optional(ARGV[4])
local browser = live_browser(from, moment())
if not browser then
    return 0
elseif call('EXISTS', browser_at(to)) == 1 then
    return TAKEN
end
local before = call('HGET', browser_at(from), 'session')
call('RENAME', browser_at(from), browser_at(to))
for _, index in ipairs({all_browsers, new_browsers, kept_browsers}) do
    call('ZREM', index, from)
end
-- A user who logs in in it is one who comes back.
see_browser(to, browser, 0, session)
if before then
    call('SREM', browsers_with(before), from)
    call('HDEL', browser_at(to), 'session')
end
if session then
    call('HSET', browser_at(to), 'session', session)
    call('SADD', browsers_with(session), to)
end
return 1
