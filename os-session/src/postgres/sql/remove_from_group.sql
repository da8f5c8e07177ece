with removed as (
    delete from {schema}.member m where m.user_id = $1 and m.group_name = $2
)
select exists (select from {schema}.named_group g where g.name = $2)
