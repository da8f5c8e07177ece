update {schema}.slot_owner o
set browser_key = $2, open_session = $3, new_idle = case when $3::bigint is null then o.new_idle end
from (select {schema}.moment_1($4) as now) t
where o.browser_key = $1 and o.expires > t.now
