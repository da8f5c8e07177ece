#!lua
-- Imports records of another store: what kind they are, and all the fields of one after those of another. Each is counted.
local kind, place = ARGV[2], 2

if call('EXISTS', importing) == 0 then
    return {0}
end

local function next_field()
    place = place + 1
    return ARGV[place]
end

local function import_session()
    local key, user, handle, device = next_field(), next_field(), next_field(), optional(next_field())
    local opened, seen, authenticated = next_field(), next_field(), next_field()
    local idle, ends, expire = next_field(), next_field(), next_field()
    call(
        'HSET', session_at(key),
        'format', FORMAT, 'user', user, 'handle', handle, 'id', text(next_number()), 'opened', opened,
        'seen', seen, 'authenticated', authenticated, 'idle', idle, 'ends', ends, 'expire', expire
    )
    if device then
        call('HSET', session_at(key), 'device', device)
    end
    local moment_of_end = over(tonumber(seen), tonumber(idle), tonumber(ends))
    call('ZADD', all_sessions, moment_of_end, key)
    call('ZADD', sessions_of(user), moment_of_end, key)
end

local function import_browser()
    local key, seen, idle = next_field(), next_field(), next_field()
    local new_idle, session = optional(next_field()), optional(next_field())
    call('HSET', browser_at(key), 'id', text(next_number()), 'seen', seen, 'idle', idle)
    if new_idle then
        call('HSET', browser_at(key), 'new-idle', new_idle)
    end
    index_browser(key, {seen = tonumber(seen), idle = tonumber(idle), new_idle = tonumber(new_idle or '')})
    if session then
        call('HSET', browser_at(key), 'session', session)
        call('SADD', browsers_with(session), key)
    end
end

local function import_slot()
    local owner_kind, name_of_owner, tab, name, value = next_field(), next_field(), next_field(), next_field(), next_field()
    local owner = 'user:' .. name_of_owner
    if owner_kind == 'session' then
        owner = call('HGET', session_at(name_of_owner), 'id')
    elseif owner_kind == 'browser' then
        owner = call('HGET', browser_at(name_of_owner), 'id')
    end
    local number = next_number()
    call('HSET', values_of(owner, tab), name, text(number) .. ':' .. value)
    if tab ~= '' then
        call('ZADD', tabs_of(owner), number, tab)
    end
end

local import = {
    group = function() call('SADD', all_groups, next_field()) end,
    member = function() call('SADD', groups_of(next_field()), next_field()) end,
    session = import_session,
    browser = import_browser,
    slot = import_slot,
}
local imported = 0
while place < #ARGV do
    import[kind]()
    imported = imported + 1
end
call('HINCRBY', importing, kind, imported)
return {1}
