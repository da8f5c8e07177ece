delete from {schema}.session s
using (select {schema}.moment_1($3) as now) t
where s.user_id = $1 and s.handle = $2
returning s.handle, s.expires <= t.now as expired
