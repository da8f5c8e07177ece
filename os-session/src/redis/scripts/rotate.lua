#!lua flags=allow-oom
-- Exchanges the token of a live session. The moment of authentication is nothing, `now`, or one.
is_revocation = true
local from, to, authenticated, now = ARGV[2], ARGV[3], ARGV[4], moment()
if not usable_session(from, now) then
    return 0
elseif call('EXISTS', session_at(to)) == 1 then
    return TAKEN
end
exchange_token(from, to)
if authenticated == 'now' then
    authenticated = text(now)
end
if authenticated ~= '' then
    call('HSET', session_at(to), 'authenticated', authenticated)
end
return 1
