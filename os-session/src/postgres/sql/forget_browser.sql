delete from {schema}.slot_owner o
using (select {schema}.moment_1($2) as now) t
where o.browser_key = $1
returning o.expires > t.now as live
