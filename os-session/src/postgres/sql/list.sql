select s.format, s.key, s.handle, s.device, s.opened, s.seen
from (select {schema}.moment_1($2) as now) t, {schema}.session s
where s.user_id = $1 and s.expires > t.now
order by s.seen desc, s.opened desc
