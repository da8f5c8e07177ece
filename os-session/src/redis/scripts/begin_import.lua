#!lua
-- Looks at some of the keys, from a cursor on, before records of another store are imported: what a copy left that was not finished is removed,
-- and anything else is a store in use. The answer is the next cursor, and whether there was such a thing.
local cursor = ARGV[2]
local kept = {[counter] = true, [leases] = true, [leases_told] = true, [log_position] = true, [log] = true, [all_groups] = true, [importing] = true}
local pattern = string.gsub(prefix, '[%*%?%[%]%^\\]', '\\%0') .. '*'

local is_unfinished = call('EXISTS', importing) == 1
local found = call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1000)
for _, key in ipairs(found[2]) do
    if not kept[key] then
        if not is_unfinished then
            return {found[1], 1}
        end
        call('DEL', key)
    end
end
if found[1] == '0' then
    call('DEL', importing)
    call('HSET', importing, 'begun', text(moment()))
end
return {found[1], 0}
