#!lua flags=allow-oom
-- Ends some of the live sessions, of whomever they are. The answer is how many there were.
is_revocation = true
local most, now = tonumber(ARGV[2]), moment()
local some = call('ZRANGEBYSCORE', all_sessions, '(' .. text(now), '+inf', 'LIMIT', 0, most)
for _, key in ipairs(some) do
    end_session(key, CLOSED, now)
end
return #some
