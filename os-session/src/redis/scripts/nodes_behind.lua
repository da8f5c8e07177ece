#!lua flags=allow-oom
-- The nodes on the list that have not applied that position.
local position, behind = tonumber(ARGV[2]), {}
local list = call('HGETALL', leases)
for place = 1, #list, 2 do
    local applied, renewals, lease = string.match(list[place + 1], '^(%d+) (%d+) (%d+)$')
    if tonumber(applied) < position then
        table.insert(behind, {list[place], tonumber(renewals), tonumber(lease)})
    end
end
return behind
