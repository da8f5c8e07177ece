delete from {schema}.session s
where s.key = any (array(
    select o.key from {schema}.session o
    where o.expires <= (select {schema}.moment_1($2)) and o.format <= 1
    order by o.expires
    limit $1
    for update skip locked))
returning s.user_id, s.handle
