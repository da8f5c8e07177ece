select v.version, v.value, 0::bigint as unseen, true as came_back
from (select {schema}.moment_1($4) as now) t, {schema}.session s
join {schema}.slot_owner o on o.session_user_id = s.user_id and o.session_handle = s.handle
join {schema}.slot v on v.owner = o.id
where s.key = $1 and s.format <= 1 and s.expires > t.now and v.tab = $2 and v.name = $3
