update {schema}.slot_owner o
set seen = greatest(o.seen, t.now), new_idle = null
from (select {schema}.moment_1($2) as now) t
where o.browser_key = $1 and o.expires > t.now
