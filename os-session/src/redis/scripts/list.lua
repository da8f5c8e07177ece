#!lua flags=allow-oom
-- The live sessions of a user, in no order.
local listed = {}
for _, key in ipairs(call('ZRANGEBYSCORE', sessions_of(ARGV[2]), '(' .. text(moment()), '+inf')) do
    local record = call('HMGET', session_at(key), 'format', 'handle', 'device', 'opened', 'seen', 'id')
    if record[1] or record[2] then
        table.insert(record, key)
        table.insert(listed, record)
    end
end
return listed
