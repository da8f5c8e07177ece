#!lua flags=allow-oom
-- Ends expired sessions, and forgets expired browsers. Sessions of a newer release stay; how many of them stand before the next that
-- is looked at, the caller says.
local most, most_browsers, passed_over, now = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], moment()
local ended, left = {}, 0
local due = call('ZRANGEBYSCORE', all_sessions, '-inf', text(now), 'LIMIT', passed_over, most)
for _, key in ipairs(due) do
    if is_ours(key) then
        table.insert(ended, end_session(key, EXPIRED, now))
    else
        left = left + 1
    end
end
local browsers = call('ZRANGEBYSCORE', all_browsers, '-inf', text(now), 'LIMIT', 0, most_browsers)
for _, key in ipairs(browsers) do
    forget_browser(key)
end
return {ended, left, (#due == most or #browsers == most_browsers) and 1 or 0}
