#!lua
-- Lets the store be used, if everything has arrived: how many groups, members, sessions, browsers and slots there are.
local arrived = call('HMGET', importing, 'group', 'member', 'session', 'browser', 'slot')
arrived[3], arrived[4] = call('ZCARD', all_sessions), call('ZCARD', all_browsers)
for place = 1, 5 do
    if tonumber(arrived[place] or 0) ~= tonumber(ARGV[place + 1]) then
        return 0
    end
end
return call('DEL', importing)
