update {schema}.session s
set key = $2, authenticated = case when $3::boolean then t.now else coalesce($4::bigint, s.authenticated) end
from (select {schema}.moment_1($5) as now) t
where s.key = $1 and s.format <= 1 and s.expires > t.now
