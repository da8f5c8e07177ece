#!lua flags=allow-oom
-- Marks a live browser as seen now, and notes that its cookie has come back.
local key, now = ARGV[2], moment()
local browser = live_browser(key, now)
if not browser then
    return 0
end
see_browser(key, browser, now, true)
return 1
