-- A node is not told less than it knows: a database that lost its last commits in a failover has another log than the node has followed, and
-- says so. And what somebody ends is logged though its time seems to be over: the clock of the
-- database may have been set.

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
begin
    select c.closed_user, c.closed_handle, c.expired, c.awaited into closed_user, closed_handle, expired, awaited
    from {schema}.close_1(closing_key, turned) c;
    if expired then
        perform {schema}.revoke_1(array[closed_handle], '{}');
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
drop trigger if exists sessions_emptied on {schema}.session;
create trigger sessions_emptied after truncate on {schema}.session
for each statement execute function {schema}.emptied_1();
drop trigger if exists members_emptied on {schema}.member;
create trigger members_emptied after truncate on {schema}.member
for each statement execute function {schema}.emptied_1();

create or replace function {schema}.member_changed_1() returns trigger
language plpgsql as $$
begin
    perform {schema}.revoke_1('{}', array[old.user_id, new.user_id]);
    return null;
end
$$;
drop trigger if exists member_changed on {schema}.member;
create trigger member_changed after update on {schema}.member
for each row execute function {schema}.member_changed_1();

-- Closes some of the live sessions, of whomever they are.
create or replace function {schema}.close_some_1(most bigint, turned bigint, out closed bigint, out awaited bigint)
language plpgsql volatile as $$
#variable_conflict error
begin
    perform {schema}.revoking_1();
    delete from {schema}.session s
    where s.key = any (array(
        select o.key from {schema}.session o
        where o.expires > {schema}.moment_1(turned)
        order by o.key
        limit most
        for update));
    get diagnostics closed = row_count;
    awaited := {schema}.reached_1();
end
$$;

-- As `open_session_2`; a session that it takes the place of is told of in any case.
create or replace function {schema}.open_session_3(
    new_key bytea,
    new_user text,
    new_handle bigint,
    new_device text,
    new_idle bigint,
    new_absolute bigint,
    new_expire boolean,
    replaced bytea,
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
    seems_over bigint;
begin
    if replaced is not null then
        select s.handle into seems_over from {schema}.session s
        where s.key = replaced and s.expires <= {schema}.moment_1(turned);
    end if;
    select o.opened, o.ended_users, o.ended_handles, o.ended_reasons, o.awaited
    into opened, ended_users, ended_handles, ended_reasons, awaited
    from {schema}.open_session_2(new_key, new_user, new_handle, new_device, new_idle, new_absolute, new_expire,
        replaced, most, refuse, turned) o;
    if seems_over = any (ended_handles) then
        perform {schema}.revoke_1(array[seems_over], '{}');
        awaited := {schema}.awaited_1();
    end if;
end
$$;
