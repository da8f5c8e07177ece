#!lua
-- Writes or removes a value. What is expected is nothing for anything, `-` for no value, or a version.
local WRITTEN, REMOVED, CONFLICT, NO_OWNER, TOO_MANY = 0, 1, 2, 3, 4
local kind, name_of_owner, tab, name, expected = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local value, most_slots, most_tabs = optional(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local idle, new_idle, most_browsers = optional(ARGV[10]), optional(ARGV[11]), tonumber(ARGV[12])
local new_session, came_back = optional(ARGV[13]), ARGV[14] == '1'
local now = moment()

local owner, browser = owner_of(kind, name_of_owner, now)
if not owner and not (kind == 'browser' and idle and value) then
    return {NO_OWNER}
end
local held = owner and call('HGET', values_of(owner, tab), name)
local version = held and version_of(held)
if (expected == '-' and held) or (expected ~= '' and expected ~= '-' and expected ~= version) then
    return {CONFLICT}
end

local function latest_of_tab()
    local latest = 0
    for _, other in ipairs(call('HVALS', values_of(owner, tab))) do
        latest = math.max(latest, tonumber(version_of(other) or 0))
    end
    return latest
end

local answer
if not value then
    if held then
        call('HDEL', values_of(owner, tab), name)
        if tab ~= '' and call('EXISTS', values_of(owner, tab)) == 0 then
            call('ZREM', tabs_of(owner), tab)
        elseif tab ~= '' and tonumber(call('ZSCORE', tabs_of(owner), tab)) == tonumber(version) then
            call('ZADD', tabs_of(owner), latest_of_tab(), tab)
        end
    end
    answer = {REMOVED}
else
    local beside = owner and call('HLEN', values_of(owner, tab)) or 0
    if not held and beside >= most_slots then
        return {TOO_MANY}
    end
    if not owner then
        -- One that is over may have had the key.
        forget_browser(name_of_owner)
        make_room_for_a_browser(most_browsers - 1, now)
        browser = {id = text(next_number()), seen = now, idle = tonumber(idle), new_idle = tonumber(new_idle or '')}
        owner = browser.id
        call('HSET', browser_at(name_of_owner), 'id', owner, 'seen', text(now), 'idle', idle)
        if new_idle then
            call('HSET', browser_at(name_of_owner), 'new-idle', new_idle)
        end
        if new_session then
            call('HSET', browser_at(name_of_owner), 'session', new_session)
            call('SADD', browsers_with(new_session), name_of_owner)
        end
    end
    if tab ~= '' and beside == 0 then
        while call('ZCARD', tabs_of(owner)) >= most_tabs do
            call('DEL', values_of(owner, call('ZPOPMIN', tabs_of(owner))[1]))
        end
    end
    local number = next_number()
    call('HSET', values_of(owner, tab), name, text(number) .. ':' .. value)
    if tab ~= '' then
        call('ZADD', tabs_of(owner), number, tab)
    end
    answer = {WRITTEN, number}
end
if browser then
    see_browser(name_of_owner, browser, now, came_back)
end
return answer
