#!lua
-- Opens a session. Either all of it is done, or nothing: `refuse` and a key that is taken are looked at before anything is changed.
local key, user, handle, idle, absolute, expire = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local device, replaced = optional(ARGV[8]), optional(ARGV[9])
local most, refuse, latest = tonumber(ARGV[10]), ARGV[11] == '1', tonumber(ARGV[12])
local replaced_user, replaced_handle = optional(ARGV[13]), optional(ARGV[14])
local index, now = sessions_of(user), moment()

-- Whoever asked no longer waits for the answer, and nobody would ever have this session's token.
local unturned = now - tonumber(turned)
if unturned > latest then
    return {LATE, text(unturned)}
end

if call('EXISTS', session_at(key)) == 1 then
    return {TAKEN}
end

-- Its key may have been exchanged since it was read.
if replaced_user and (not replaced or call('EXISTS', session_at(replaced)) == 0) then
    replaced = session_named(replaced_user, replaced_handle) or replaced
end

-- Those that would be there beside it. What an index alone knows of is not there.
local others = {}
if call('ZCOUNT', index, '(' .. text(now), '+inf') >= most then
    for _, other in ipairs(call('ZRANGEBYSCORE', index, '(' .. text(now), '+inf')) do
        if other ~= replaced then
            table.insert(others, other)
        end
    end
end
local surplus = {}
if #others >= most then
    for _, other in ipairs(others) do
        local record = call('HMGET', session_at(other), 'handle', 'seen', 'opened', 'id')
        if record[1] then
            local seen, opened, id = tonumber(record[2] or 0), tonumber(record[3] or 0), tonumber(record[4] or 0)
            table.insert(surplus, {key = other, seen = seen or 0, opened = opened or 0, id = id or 0})
        else
            end_session(other, EXPIRED, now, user)
        end
    end
end
if refuse and #surplus >= most then
    return {0, text(unturned)}
end

local ended = {}
if replaced then
    table.insert(ended, end_session(replaced, REPLACED, now, nil, true))
end
for _, other in ipairs(call('ZRANGEBYSCORE', index, '-inf', text(now))) do
    if is_ours(other) then
        table.insert(ended, end_session(other, EXPIRED, now, user))
    end
end
-- The least recently seen go first, and of those seen together the one opened first.
table.sort(surplus, function(one, other)
    if one.seen ~= other.seen then
        return one.seen < other.seen
    elseif one.opened ~= other.opened then
        return one.opened < other.opened
    end
    return one.id < other.id
end)
for place = 1, #surplus - most + 1 do
    table.insert(ended, end_session(surplus[place].key, EVICTED, now, user))
end

local moment_of_opening, ends = text(now), math.min(now + absolute, FOREVER)
call(
    'HSET', session_at(key),
    'format', FORMAT, 'user', user, 'handle', handle, 'id', text(next_number()), 'opened', moment_of_opening,
    'seen', moment_of_opening, 'authenticated', moment_of_opening, 'idle', idle, 'ends', text(ends), 'expire', expire
)
if device then
    call('HSET', session_at(key), 'device', device)
end
call('ZADD', all_sessions, over(now, idle, ends), key)
call('ZADD', index, over(now, idle, ends), key)
return {1, ended, text(unturned)}
