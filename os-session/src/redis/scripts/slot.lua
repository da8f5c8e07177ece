#!lua flags=allow-oom
-- The value of a slot behind its version, and how long ago the browser was seen that owns it, and whether its cookie has come back.
local kind, name_of_owner, tab, name, now = ARGV[2], ARGV[3], ARGV[4], ARGV[5], moment()
local owner, browser = owner_of(kind, name_of_owner, now)
local value = owner and call('HGET', values_of(owner, tab), name)
if not value then
    return false
end
return {value, browser and math.max(now - browser.seen, 0) or 0, (browser and browser.new_idle) and 0 or 1}
