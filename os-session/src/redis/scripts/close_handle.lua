#!lua flags=allow-oom
-- Ends the session of a user that has that public name.
is_revocation = true
local user, handle = ARGV[2], ARGV[3]
for _, key in ipairs(call('ZRANGE', sessions_of(user), 0, -1)) do
    if call('HGET', session_at(key), 'handle') == handle then
        return {end_session(key, CLOSED, moment(), user)}
    end
end
return {}
