-- Ends all sessions of a user, and forgets the browsers in which one of them was open. The browsers are looked for by a statement that
-- begins when the lock of the user is held, so that a log-in that was waited for is seen.
create or replace function {schema}.close_all_with_browsers_1(closing_user text, turned bigint)
returns table (ended_handle bigint, expired boolean)
language plpgsql volatile as $$
#variable_conflict error
declare
    handles bigint[];
    were_expired boolean[];
begin
    select array_agg(c.ended_handle), array_agg(c.expired) into handles, were_expired
    from {schema}.close_all_1(closing_user, null, turned) c;
    delete from {schema}.slot_owner o
    where o.id = any (array(
        select b.id from {schema}.slot_owner b
        where b.open_session = any (handles)
        order by b.id
        for update));
    return query select u.handle, u.was_expired from unnest(handles, were_expired) as u (handle, was_expired);
end
$$;
