update {schema}.session s
set seen = greatest(s.seen, t.now)
from (select {schema}.moment_1($2) as now) t
where s.key = $1 and s.format <= 1 and s.expires > t.now
