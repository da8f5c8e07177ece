with named as (
    select g.name from {schema}.named_group g where g.name = $2
), added as (
    insert into {schema}.member (user_id, group_name) select $1, n.name from named n on conflict do nothing
)
select exists (select from named)
