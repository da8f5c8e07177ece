select s.format, s.user_id, s.handle, s.opened, s.seen, s.authenticated, s.ends, s.expires, s.expire, t.now,
    array(select m.group_name from {schema}.member m where m.user_id = s.user_id) as groups
from (select {schema}.moment_1($2) as now) t, {schema}.session s
where s.key = $1 and s.expires > t.now
