-- A node is not told less than it knows: a database that lost its last commits in a failover has another log than the node has followed, and
-- says so. And what somebody ends is logged though its time seems to be over: the clock of the database may have been set.

-- How much of the log each node has been told.
alter table {schema}.lease_node add column if not exists told bigint not null default 0;

-- Puts a node on the list. It waits for revocations under way, and those that come later see it.
create or replace function {schema}.join_leases_2(joining text, lease_millis bigint, out joined_at bigint)
language plpgsql volatile as $$
#variable_conflict error
begin
    perform pg_advisory_xact_lock(hashtextextended('{name}.lease', 0));
    select p.position into joined_at from {schema}.revocation_position p;
    insert into {schema}.lease_node (node, applied, renewals, lease, told)
    values (joining, joined_at, 0, lease_millis, joined_at);
    -- A release that knows of no list would not wait for this node.
    update {schema}.migration m set compatible_from = 4 where m.version >= 4 and m.compatible_from < 4;
end
$$;

-- Notes that a node has applied the log up to a position, and tells it the rest. `known` is false where it is not on the list, and where it has
-- applied more than it was told by what is here. Then it stays on the list: it may admit until it knows.
create or replace function {schema}.renew_lease_2(
    renewing text,
    has_applied bigint,
    -- At more than this the node forgets everything instead.
    most bigint,
    out known boolean,
    out reached bigint,
    out handles bigint[],
    out users text[],
    out is_too_much boolean
)
language plpgsql volatile as $$
#variable_conflict error
declare
    entries bigint;
begin
    update {schema}.lease_node n
    set applied = greatest(n.applied, has_applied), renewals = n.renewals + 1, told = p.position
    from {schema}.revocation_position p
    where n.node = renewing and n.told >= has_applied and p.position >= has_applied
    returning p.position into reached;
    known := found;
    if not known then
        return;
    end if;
    -- Positions have no gaps, so that an entry that is missing is noticed.
    select count(*) into entries from {schema}.revocation r where r.position > has_applied and r.position <= reached;
    is_too_much := entries > most or entries <> reached - has_applied;
    if not is_too_much then
        handles := array(
            select unnest(r.handles) from {schema}.revocation r where r.position > has_applied and r.position <= reached);
        users := array(
            select unnest(r.users) from {schema}.revocation r where r.position > has_applied and r.position <= reached);
    end if;
    delete from {schema}.revocation r
    where r.position <= (select min(n.applied) from {schema}.lease_node n);
end
$$;

create or replace function {schema}.close_2(
    closing_key bytea, turned bigint,
    -- null where there was none
    out closed_user text, out closed_handle bigint, out expired boolean, out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
declare
    has_nodes boolean;
begin
    -- As `revoking_1` does.
    perform pg_advisory_xact_lock_shared(hashtextextended('{name}.lease', 0));
    has_nodes := exists (select from {schema}.lease_node);
    if has_nodes then
        perform from {schema}.revocation_position for update;
    end if;
    delete from {schema}.session s
    where s.key = closing_key
    returning s.user_id, s.handle, s.expires <= {schema}.moment_1(turned) into closed_user, closed_handle, expired;
    if expired then
        perform {schema}.revoke_1(array[closed_handle], '{}');
    end if;
    if has_nodes then
        awaited := {schema}.reached_1();
    end if;
end
$$;

create or replace function {schema}.close_handle_2(
    closing_user text, closing_handle bigint, turned bigint,
    -- null where there was none
    out closed_handle bigint, out expired boolean, out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
begin
    select c.closed_handle, c.expired, c.awaited into closed_handle, expired, awaited
    from {schema}.close_handle_1(closing_user, closing_handle, turned) c;
    if expired then
        perform {schema}.revoke_1(array[closed_handle], '{}');
        awaited := {schema}.reached_1();
    end if;
end
$$;

create or replace function {schema}.close_all_3(
    closing_user text, except_key bytea, with_browsers boolean, turned bigint,
    out closed_handles bigint[], out were_expired boolean[], out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
begin
    select c.closed_handles, c.were_expired, c.awaited into closed_handles, were_expired, awaited
    from {schema}.close_all_2(closing_user, except_key, with_browsers, turned) c;
    if true = any (were_expired) then
        perform {schema}.revoke_1(
            array(select u.handle from unnest(closed_handles, were_expired) as u (handle, expired) where u.expired), '{}');
        awaited := {schema}.reached_1();
    end if;
end
$$;

-- What is emptied by hand is told as well; and a member's row that is changed into another's is two changes.
create or replace function {schema}.emptied_1() returns trigger
language plpgsql as $$
declare
    logged bigint;
begin
    perform {schema}.revoking_1();
    if exists (select from {schema}.lease_node) then
        -- A gap in the log: everything is forgotten.
        update {schema}.revocation_position p set position = p.position + 1 returning p.position into logged;
        perform set_config('os_session.awaited', logged::text, true);
    end if;
    perform {schema}.tell_1(array['*']);
    return null;
end
$$;

create or replace function {schema}.member_changed_1() returns trigger
language plpgsql as $$
begin
    perform {schema}.revoke_1('{}', array[old.user_id, new.user_id]);
    return null;
end
$$;

-- Without dropping what is there: that would wait for everybody who reads, and they for the list of nodes.
do $do$
begin
    if not exists (select from pg_trigger t where t.tgrelid = '{schema}.session'::regclass and t.tgname = 'sessions_emptied') then
        create trigger sessions_emptied after truncate on {schema}.session
        for each statement execute function {schema}.emptied_1();
    end if;
    if not exists (select from pg_trigger t where t.tgrelid = '{schema}.member'::regclass and t.tgname = 'members_emptied') then
        create trigger members_emptied after truncate on {schema}.member
        for each statement execute function {schema}.emptied_1();
        create trigger member_changed after update on {schema}.member
        for each row execute function {schema}.member_changed_1();
    end if;
end
$do$;

-- Closes all live sessions of some users, whoever they are, and says whether there were such users.
create or replace function {schema}.close_some_1(
    users bigint, turned bigint,
    out closed bigint, out there_were boolean, out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
declare
    moment bigint := {schema}.moment_1(turned);
    chosen text[] := array(
        select distinct c.user_id from (
            select o.user_id from {schema}.session o where o.expires > moment order by o.expires limit users) c);
    a_lock bigint;
begin
    -- Whatever takes several rows of a user does it under that user's lock.
    for a_lock in select distinct {schema}.user_lock_1(c.chosen_user) from unnest(chosen) as c (chosen_user) order by 1
    loop
        perform pg_advisory_xact_lock(a_lock);
    end loop;
    perform {schema}.revoking_1();
    -- By user, since a session keeps that when its token is exchanged meanwhile.
    delete from {schema}.session s where s.user_id = any (chosen) and s.expires > moment;
    get diagnostics closed = row_count;
    -- Others may have closed them meanwhile.
    there_were := cardinality(chosen) > 0;
    awaited := {schema}.reached_1();
end
$$;

-- As `open_session_2`, in fewer steps where nothing is closed. A session that it takes the place of is told of in any case.
create or replace function {schema}.open_session_3(
    new_key bytea,
    new_user text,
    new_handle bigint,
    new_device text,
    new_idle bigint,
    new_absolute bigint,
    new_expire boolean,
    replaced bytea,
    -- The same session by what it keeps when its token is exchanged: the key may be another since it was read.
    replaced_user text,
    replaced_handle bigint,
    most bigint,
    refuse boolean,
    turned bigint,
    out opened boolean,
    out ended_users text[],
    out ended_handles bigint[],
    -- 1 replaced, 2 evicted, 3 expired
    out ended_reasons smallint[],
    out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
declare
    first_lock bigint := {schema}.user_lock_1(new_user);
    second_lock bigint;
    gone_user text := replaced_user;
    gone_handle bigint := replaced_handle;
    moment bigint;
    -- How many sessions the user would have beside it, and how many are over.
    others bigint;
    over bigint;
begin
    ended_users := '{}';
    ended_handles := '{}';
    ended_reasons := '{}';

    if replaced is not null then
        select coalesce(max(s.user_id), replaced_user), coalesce(max(s.handle), replaced_handle)
        into gone_user, gone_handle from {schema}.session s where s.key = replaced;
    end if;
    second_lock := {schema}.user_lock_1(gone_user);
    perform pg_advisory_xact_lock(least(first_lock, second_lock));
    if second_lock <> first_lock then
        perform pg_advisory_xact_lock(greatest(first_lock, second_lock));
    end if;
    moment := {schema}.moment_1(turned);

    select
        count(*) filter (
            where s.expires > moment and (s.user_id, s.handle) is distinct from (gone_user, gone_handle)),
        count(*) filter (where s.expires <= moment)
    into others, over
    from {schema}.session s
    where s.user_id = new_user;
    if refuse and others >= most then
        opened := false;
        return;
    end if;
    if second_lock is not null or others >= most then
        -- The place in the log comes before the rows.
        perform {schema}.revoking_1();
    end if;

    if second_lock is not null then
        with gone as (
            delete from {schema}.session s
            where s.user_id = gone_user and s.handle = gone_handle
            returning s.user_id, s.handle, case when s.expires > moment then 1 else 3 end as reason
        )
        select
            coalesce(array_agg(g.user_id), '{}'),
            coalesce(array_agg(g.handle), '{}'),
            coalesce(array_agg(g.reason::smallint), '{}')
        into ended_users, ended_handles, ended_reasons
        from gone g;
        if ended_reasons = '{3}' then
            perform {schema}.revoke_1(ended_handles, '{}');
        end if;
    end if;

    if others >= most or over > 0 then
        -- By handle, since a session keeps it when its token is exchanged meanwhile.
        with gone as (
            delete from {schema}.session s
            where s.user_id = new_user
                and ((s.expires <= moment and s.format <= 1)
                    or s.handle = any (array(
                        select l.handle from {schema}.session l
                        where l.user_id = new_user and l.expires > moment
                        order by l.seen desc, l.opened desc, l.handle
                        offset most - 1)))
            returning s.user_id, s.handle, case when s.expires > moment then 2 else 3 end as reason
        )
        select
            ended_users || coalesce(array_agg(g.user_id), '{}'),
            ended_handles || coalesce(array_agg(g.handle), '{}'),
            ended_reasons || coalesce(array_agg(g.reason::smallint), '{}')
        into ended_users, ended_handles, ended_reasons
        from gone g;
    end if;

    insert into {schema}.session (key, user_id, handle, opened, seen, authenticated, idle, ends, expire, device)
    values (new_key, new_user, new_handle, moment, moment, moment, new_idle,
        moment + least(new_absolute, 9223372036854775807 - moment), new_expire, new_device);
    opened := true;
    if cardinality(ended_handles) > 0 then
        awaited := {schema}.awaited_1();
    end if;
end
$$;
