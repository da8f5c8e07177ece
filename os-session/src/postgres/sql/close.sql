delete from {schema}.session s
using (select {schema}.moment_1($2) as now) t
where s.key = $1
returning s.user_id, s.handle, s.expires <= t.now as expired
