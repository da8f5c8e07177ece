#!lua flags=allow-oom
-- Says to other nodes that somebody logged in in a browser, or that an application's own groups of a user changed, which is a revocation.
local browser, user = optional(ARGV[2]), optional(ARGV[3])
if browser then
    table.insert(told, 'b' .. digits(browser))
end
if user then
    table.insert(revoked, 'g' .. digits(user))
end
return 1
