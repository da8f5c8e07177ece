delete from {schema}.slot_owner o
where o.id = any (array(
    select b.id from {schema}.slot_owner b
    where b.open_session = any ($1)
    order by b.id
    for update))
