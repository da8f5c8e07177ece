#!lua flags=allow-oom
-- Ends all sessions of a user, and forgets the browsers in which one of them is open.
is_revocation = true
local ended = end_all(ARGV[2], nil, moment())
for _, session in ipairs(ended) do
    if session[2] then
        for _, browser in ipairs(call('SMEMBERS', browsers_with(session[2]))) do
            forget_browser(browser)
        end
    end
end
return ended
