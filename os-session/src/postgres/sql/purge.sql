with ended as (
    delete from {schema}.session s
    where s.key = any (array(
        select o.key from {schema}.session o
        where o.expires <= (select {schema}.moment_1($3)) and o.format <= 1
        order by o.expires
        limit $1
        for update skip locked))
    returning s.user_id, s.handle
), forgotten as (
    delete from {schema}.slot_owner b
    where b.id = any (array(
        select o.id from {schema}.slot_owner o
        where o.expires <= (select {schema}.moment_1($3))
        order by o.expires
        limit $2
        for update skip locked))
    returning b.id
)
select
    coalesce(array_agg(e.user_id), array[]::text[]) as users,
    coalesce(array_agg(e.handle), array[]::bigint[]) as handles,
    (select count(*) from forgotten) as browsers
from ended e
