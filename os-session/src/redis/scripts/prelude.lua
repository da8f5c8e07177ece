-- Stands before each script. What a store keeps, all under one hash tag, so that it is on one node of a cluster:
--
--   session:<key>           a hash, a session: format, user, handle, id, opened, seen, authenticated, idle, ends, expire, device
--   sessions                a sorted set of the keys of all sessions, by the moment at which each is over
--   sessions-of:<user>      the same of one user
--   groups                  a set of the names of all groups
--   groups-of:<user>        a set of the groups that a user is in
--   browser:<key>           a hash, a browser: id, seen, idle, new-idle until its cookie has come back, and the handle of the session that
--                           is open in it
--   browsers                a sorted set of the keys of all browsers, by the moment at which each is over
--   new-browsers            a sorted set of those whose cookie never came back, by when they were last seen
--   kept-browsers           the same of those whose cookie has come back
--   browsers-with:<handle>  a set of the browsers in which that session is open
--   slots:<owner>           a hash, values by name. The owner is the id of a session or a browser, or `user:` and the user
--   tab-slots:<tab><owner>  the same of one tab, whose key has 32 bytes
--   tabs:<owner>            a sorted set of the tabs that have values, by the version of the latest
--   counter                 the last number that was given
--   leases                  a hash of the nodes that admit from memory: how far each has followed the log, how often it said so, and for how
--                           many milliseconds it may do so without another word
--   leases-told             a hash of the same nodes: how much of the log each was told
--   position                the position of the log
--   revoked                 a sorted set, the log: what was taken from somebody, by its position
--   importing               a hash, only while records of another store are imported: when that began, and how many of each kind have arrived
--
-- Nothing has an expiry of its own: what the server removed by itself, nobody could be told of. When a session or a browser is over,
-- `sessions` and `browsers` say, and nothing else.
--
-- Numbers here are doubles. Moments are milliseconds since the Unix epoch and below 2^53, where whole numbers are exact; a handle
-- is its sixteen digits, and whatever is compared and not counted is bytes.

local FORMAT = 1
local FOREVER = 9007199254740991
-- Why a session ended.
local CLOSED, REPLACED, EVICTED, EXPIRED = 0, 1, 2, 3
-- What a caller is told whose new key is in use, and one who has given up.
local TAKEN, LATE = -1, -2
-- How many words an entry of the log has.
local AT_MOST = 1000
-- How many browsers make room for one at most.
local EVICTED_AT_ONCE = 1000

local call = redis.call
local prefix, counter = KEYS[1], KEYS[2]
-- How far a test has turned the clock, and the name of the node that asks.
local turned, node = string.match(ARGV[1], '^(%d+) (%w+)$')
local all_sessions = prefix .. 'sessions'
local all_browsers = prefix .. 'browsers'
local new_browsers = prefix .. 'new-browsers'
local kept_browsers = prefix .. 'kept-browsers'
local all_groups = prefix .. 'groups'
local leases = prefix .. 'leases'
local leases_told = prefix .. 'leases-told'
local log_position = prefix .. 'position'
local log = prefix .. 'revoked'
local changes = prefix .. 'changes'
local importing = prefix .. 'importing'

local function session_at(key) return prefix .. 'session:' .. key end
local function sessions_of(user) return prefix .. 'sessions-of:' .. user end
local function groups_of(user) return prefix .. 'groups-of:' .. user end
local function browser_at(key) return prefix .. 'browser:' .. key end
local function browsers_with(handle) return prefix .. 'browsers-with:' .. handle end
local function tabs_of(owner) return prefix .. 'tabs:' .. owner end
local function values_of(owner, tab)
    if tab == '' then
        return prefix .. 'slots:' .. owner
    end
    return prefix .. 'tab-slots:' .. tab .. owner
end

-- A number as it is kept: Lua's own way of writing one drops digits.
local function text(number)
    return string.format('%.0f', number)
end

-- An argument that may be absent: nothing, or `=` and what it is.
local function optional(argument)
    if argument ~= '' then
        return string.sub(argument, 2)
    end
end

-- The moment by this server's clock, and how far a test has turned it. It stands still while a script runs.
local function moment()
    local time = call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(turned)
end

-- What this script takes from somebody, and what else other nodes are told, in words: a letter and a name. Names that may be any bytes are
-- written as hexadecimal digits.
local revoked, told = {}, {}
-- Whether a caller counts on it that what this takes away is gone everywhere when it returns. If it was gone before, whoever took it away may still be
-- waiting for the nodes.
local is_revocation = false

local function digits(bytes)
    return (string.gsub(bytes, '.', function(byte) return string.format('%02x', string.byte(byte)) end))
end

-- What has to be done at last: nodes are told, and for those that admit from memory it is logged. The answer is the position that they have to
-- apply before it is over everywhere, or nothing where nobody is to be waited for.
local function conclude()
    local awaited = false
    if #revoked > AT_MOST then
        -- The shorter word for it: everything.
        revoked = {'*'}
    end
    if #revoked > 0 and call('EXISTS', leases) == 1 then
        awaited = call('INCR', log_position)
        call('ZADD', log, awaited, text(awaited) .. ' ' .. table.concat(revoked, ' '))
    elseif is_revocation and call('EXISTS', leases) == 1 then
        awaited = tonumber(call('GET', log_position) or 0)
    end
    for _, word in ipairs(revoked) do
        table.insert(told, word)
    end
    for first = 1, #told, 100 do
        call('PUBLISH', changes, node .. ' ' .. table.concat(told, ' ', first, math.min(first + 99, #told)))
    end
    return awaited
end

-- A number that was never given before. It follows the clock as well, so that a server that lost its last writes gives none of theirs.
local function next_number()
    local time = call('TIME')
    local last = tonumber(call('GET', counter) or 0)
    local number = math.max(last + 1, time[1] * 1000000 + time[2])
    call('SET', counter, text(number))
    return number
end

-- When something is over that was seen then.
local function over(seen, idle, ends)
    return math.min(seen + idle, ends or FOREVER, FOREVER)
end

local function is_live(index, key, now)
    local ends = call('ZSCORE', index, key)
    return ends and tonumber(ends) > now
end

-- Whether that is a format of a release no newer than this one.
local function is_known(format)
    return (tonumber(format or 0) or 0) <= FORMAT
end

-- Whether a session that is over may be tidied up here, as may what an index alone knows of.
local function is_ours(key)
    return is_known(call('HGET', session_at(key), 'format'))
end

-- Removes the values of an owner.
local function remove_values(owner)
    for _, tab in ipairs(call('ZRANGE', tabs_of(owner), 0, -1)) do
        call('DEL', values_of(owner, tab))
    end
    call('DEL', tabs_of(owner), values_of(owner, ''))
end

-- Every way in which a session ends leads through here. The answer is what its end is told by, or nothing where there was none.
local function end_session(key, why, now, user, is_asked_for)
    local record = call('HMGET', session_at(key), 'user', 'handle', 'id')
    if not is_live(all_sessions, key, now) then
        why = EXPIRED
    end
    user = record[1] or user
    -- What may be no such value comes first: then nothing is done.
    if record[3] then
        remove_values(record[3])
    end
    call('ZREM', all_sessions, key)
    if user then
        call('ZREM', sessions_of(user), key)
    end
    if call('DEL', session_at(key)) == 1 then
        -- What somebody asked for counts though the time seems to be over: the clock of the server may have been set.
        if (why ~= EXPIRED or is_revocation or is_asked_for) and record[2] then
            table.insert(revoked, 's' .. record[2])
        end
        return {record[1], record[2], why}
    end
    return nil
end

-- The key of the session of a user that has that public name.
local function session_named(user, handle)
    for _, key in ipairs(call('ZRANGE', sessions_of(user), 0, -1)) do
        if call('HGET', session_at(key), 'handle') == handle then
            return key
        end
    end
end

-- Every exchange of a session's token leads through here.
local function exchange_token(from, to)
    local ends = call('ZSCORE', all_sessions, from)
    table.insert(revoked, 's' .. call('HGET', session_at(from), 'handle'))
    call('RENAME', session_at(from), session_at(to))
    for _, index in ipairs({all_sessions, sessions_of(call('HGET', session_at(to), 'user'))}) do
        call('ZREM', index, from)
        call('ZADD', index, ends, to)
    end
end

-- Every change of what groups a user is in leads through here.
local function change_membership(user, group, is_in)
    -- A rule may deny a group, so that to be put into one takes something away as well.
    if call(is_in and 'SADD' or 'SREM', groups_of(user), group) == 1 then
        table.insert(revoked, 'g' .. digits(user))
    end
end

-- A live session that this release knows how to use.
local function usable_session(key, now)
    if not is_live(all_sessions, key, now) then
        return nil
    end
    local record = call('HMGET', session_at(key), 'format', 'user', 'id', 'seen', 'idle', 'ends', 'handle')
    local session = {
        user = record[2], id = record[3],
        seen = tonumber(record[4] or ''), idle = tonumber(record[5] or ''), ends = tonumber(record[6] or ''),
    }
    local is_whole = session.user and session.id and session.seen and session.idle and session.ends and record[7]
    if record[1] and is_known(record[1]) and is_whole then
        return session
    end
end

-- A live browser.
local function live_browser(key, now)
    if not is_live(all_browsers, key, now) then
        return nil
    end
    local record = call('HMGET', browser_at(key), 'id', 'seen', 'idle', 'new-idle')
    local browser = {
        id = record[1], seen = tonumber(record[2] or ''), idle = tonumber(record[3] or ''), new_idle = tonumber(record[4] or ''),
    }
    if browser.id and browser.seen and browser.idle then
        return browser
    end
end

-- Writes a browser to the indices, under a key that had none of them or had them for the same browser.
local function index_browser(key, browser)
    call('ZADD', all_browsers, over(browser.seen, browser.new_idle or browser.idle), key)
    call('ZADD', browser.new_idle and new_browsers or kept_browsers, browser.seen, key)
end

-- Marks it as seen then, and notes whether its cookie has come back.
local function see_browser(key, browser, now, came_back)
    browser.seen = math.max(browser.seen, now)
    call('HSET', browser_at(key), 'seen', text(browser.seen))
    if came_back and browser.new_idle then
        browser.new_idle = nil
        call('HDEL', browser_at(key), 'new-idle')
        call('ZREM', new_browsers, key)
    end
    index_browser(key, browser)
end

-- Removes a browser and its values.
local function forget_browser(key)
    local record = call('HMGET', browser_at(key), 'id', 'session')
    call('DEL', browser_at(key))
    for _, index in ipairs({all_browsers, new_browsers, kept_browsers}) do
        call('ZREM', index, key)
    end
    if record[2] then
        call('SREM', browsers_with(record[2]), key)
    end
    if record[1] then
        remove_values(record[1])
    end
end

-- Removes browsers until so many are left: expired ones first, then those whose cookie never came back, and of each the least recently
-- seen.
local function make_room_for_a_browser(left, now)
    local over = math.min(call('ZCARD', all_browsers) - left, EVICTED_AT_ONCE)
    local function forget(keys)
        for _, key in ipairs(keys) do
            forget_browser(key)
        end
        over = over - #keys
    end
    if over > 0 then
        forget(call('ZRANGEBYSCORE', all_browsers, '-inf', text(now), 'LIMIT', 0, over))
    end
    for _, index in ipairs({new_browsers, kept_browsers}) do
        if over > 0 then
            forget(call('ZRANGE', index, 0, over - 1))
        end
    end
end

-- Ends all sessions of a user but one.
local function end_all(user, except, now)
    local ended = {}
    for _, key in ipairs(call('ZRANGE', sessions_of(user), 0, -1)) do
        if key ~= except then
            table.insert(ended, end_session(key, CLOSED, now, user))
        end
    end
    return ended
end

-- The owner of a slot by its kind and name, if it is there, and the browser that it is.
local function owner_of(kind, name, now)
    if kind == 'session' then
        local session = usable_session(name, now)
        return session and session.id
    elseif kind == 'user' then
        return 'user:' .. name
    end
    local browser = live_browser(name, now)
    return browser and browser.id, browser
end

-- A value is kept behind its version and a colon.
local function version_of(value)
    return string.match(value, '^(%d+):')
end

