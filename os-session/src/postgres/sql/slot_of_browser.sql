select v.version, v.value, greatest(t.now - o.seen, 0) as unseen, o.new_idle is null as came_back
from (select {schema}.moment_1($4) as now) t, {schema}.slot_owner o
join {schema}.slot v on v.owner = o.id
where o.browser_key = $1 and o.expires > t.now and v.tab = $2 and v.name = $3
