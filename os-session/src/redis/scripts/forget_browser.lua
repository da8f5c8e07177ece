#!lua flags=allow-oom
-- Removes a browser and its slots, and says whether it was live.
local was_live = is_live(all_browsers, ARGV[2], moment())
forget_browser(ARGV[2])
return was_live and 1 or 0
