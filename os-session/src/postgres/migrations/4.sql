-- What is taken from somebody is told to other nodes when it is committed. Nodes that admit from memory are on a list, and for them it is
-- also logged: `docs/many-nodes.md`.

-- The nodes that admit from memory: how far each has followed the log, how often it said so, and for how many milliseconds it may do so
-- without another word.
create table if not exists {schema}.lease_node (
    node text collate "C" primary key,
    applied bigint not null,
    renewals bigint not null,
    lease bigint not null
);

-- The position of the log: one row that stays locked until a revocation is committed, so that positions are committed in their order.
create table if not exists {schema}.revocation_position (
    only_one boolean primary key default true check (only_one),
    position bigint not null
);
insert into {schema}.revocation_position (position) values (0) on conflict do nothing;

create table if not exists {schema}.revocation (
    position bigint primary key,
    handles bigint[] not null,
    users text[] collate "C" not null
);

-- Where changes are told. A name of a schema may be too long for the name of a channel.
create or replace function {schema}.channel_1() returns text
language sql immutable as $$
    select 'os_session_' || md5('{name}')
$$;

-- Tells the other nodes. A message is the name of the node that did it, and what changed: `s` and a handle, `g` and a user, `b` and a
-- browser, both as hexadecimal digits; `*` is everything, where it is too long for a message.
create or replace function {schema}.tell_1(changes text[]) returns void
language plpgsql volatile as $$
declare
    by_node text := coalesce(nullif(current_setting('os_session.node', true), ''), '-');
    piece text;
begin
    for piece in
        select string_agg(c.change, ' ')
        from (select u.change, sum(length(u.change) + 1) over (order by u.place) / 4000 as part
            from unnest(changes) with ordinality as u (change, place)) c
        group by c.part
    loop
        if length(piece) > 7900 then
            piece := '*';
        end if;
        perform pg_notify({schema}.channel_1(), by_node || ' ' || piece);
    end loop;
end
$$;

-- Before anything is taken from somebody, and after the locks of users: from here on no node joins the list, and where there is one, revocations
-- go one after the other.
create or replace function {schema}.revoking_1() returns void
language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('{name}.lease', 0));
    if exists (select from {schema}.lease_node) then
        perform from {schema}.revocation_position for update;
    end if;
end
$$;

-- Logs and tells that these sessions are no longer what they were, and that the groups of these users are not.
create or replace function {schema}.revoke_1(revoked_handles bigint[], revoked_users text[]) returns void
language plpgsql volatile as $$
declare
    logged bigint;
begin
    if cardinality(revoked_handles) = 0 and cardinality(revoked_users) = 0 then
        return;
    end if;
    perform {schema}.revoking_1();
    if exists (select from {schema}.lease_node) then
        update {schema}.revocation_position p set position = p.position + 1 returning p.position into logged;
        insert into {schema}.revocation (position, handles, users) values (logged, revoked_handles, revoked_users);
        perform set_config('os_session.awaited', logged::text, true);
    end if;
    perform {schema}.tell_1(
        array(select 's' || lpad(to_hex(h), 16, '0') from unnest(revoked_handles) as h)
        || array(select 'g' || encode(convert_to(u, 'UTF8'), 'hex') from unnest(revoked_users) as u));
end
$$;

-- The position that nodes have to apply before what this transaction took away is gone everywhere; null where nobody is to be waited for.
create or replace function {schema}.awaited_1() returns bigint
language sql volatile as $$
    select nullif(current_setting('os_session.awaited', true), '')::bigint
$$;

-- By triggers, so that nothing can be taken away without a word: not by an older release, and not by hand.
create or replace function {schema}.sessions_deleted_1() returns trigger
language plpgsql as $$
begin
    perform {schema}.revoke_1(
        array(select g.handle from gone g where g.expires > (select {schema}.moment_1(0))), '{}');
    return null;
end
$$;
drop trigger if exists sessions_deleted on {schema}.session;
create trigger sessions_deleted after delete on {schema}.session
referencing old table as gone
for each statement execute function {schema}.sessions_deleted_1();

create or replace function {schema}.session_changed_1() returns trigger
language plpgsql as $$
begin
    perform {schema}.revoke_1(array[old.handle], '{}');
    return null;
end
$$;
-- Of a session that is merely used, `seen` changes.
drop trigger if exists session_changed on {schema}.session;
create trigger session_changed after update on {schema}.session
for each row
when ((old.key, old.format, old.user_id, old.handle, old.opened, old.authenticated, old.idle, old.ends, old.expire)
    is distinct from (new.key, new.format, new.user_id, new.handle, new.opened, new.authenticated, new.idle, new.ends, new.expire))
execute function {schema}.session_changed_1();

create or replace function {schema}.members_changed_1() returns trigger
language plpgsql as $$
begin
    perform {schema}.revoke_1('{}', array(select distinct c.user_id from changed c));
    return null;
end
$$;
-- A rule may deny a group, so that to be put into one takes something away as well.
drop trigger if exists members_added on {schema}.member;
create trigger members_added after insert on {schema}.member
referencing new table as changed
for each statement execute function {schema}.members_changed_1();
drop trigger if exists members_removed on {schema}.member;
create trigger members_removed after delete on {schema}.member
referencing old table as changed
for each statement execute function {schema}.members_changed_1();

-- The same for a transaction that found nothing left to take away: whoever took it away may still be waiting for the nodes.
create or replace function {schema}.reached_1() returns bigint
language sql volatile as $$
    select p.position from {schema}.revocation_position p where exists (select from {schema}.lease_node)
$$;

create or replace function {schema}.close_1(
    closing_key bytea, turned bigint,
    -- null where there was none
    out closed_user text, out closed_handle bigint, out expired boolean, out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
begin
    perform {schema}.revoking_1();
    delete from {schema}.session s
    where s.key = closing_key
    returning s.user_id, s.handle, s.expires <= {schema}.moment_1(turned) into closed_user, closed_handle, expired;
    awaited := {schema}.reached_1();
end
$$;

create or replace function {schema}.close_handle_1(
    closing_user text, closing_handle bigint, turned bigint,
    -- null where there was none
    out closed_handle bigint, out expired boolean, out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
begin
    perform {schema}.revoking_1();
    delete from {schema}.session s
    where s.user_id = closing_user and s.handle = closing_handle
    returning s.handle, s.expires <= {schema}.moment_1(turned) into closed_handle, expired;
    awaited := {schema}.reached_1();
end
$$;

create or replace function {schema}.close_all_2(
    closing_user text, except_key bytea, with_browsers boolean, turned bigint,
    out closed_handles bigint[], out were_expired boolean[], out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
begin
    perform pg_advisory_xact_lock({schema}.user_lock_1(closing_user));
    perform {schema}.revoking_1();
    if with_browsers then
        select array_agg(c.ended_handle), array_agg(c.expired) into closed_handles, were_expired
        from {schema}.close_all_with_browsers_1(closing_user, turned) c;
    else
        select array_agg(c.ended_handle), array_agg(c.expired) into closed_handles, were_expired
        from {schema}.close_all_1(closing_user, except_key, turned) c;
    end if;
    closed_handles := coalesce(closed_handles, '{}');
    were_expired := coalesce(were_expired, '{}');
    awaited := {schema}.reached_1();
end
$$;

create or replace function {schema}.rotate_1(
    from_key bytea, to_key bytea, authenticated_now boolean, authenticated_then bigint, turned bigint,
    out rotated boolean, out awaited bigint
)
language plpgsql volatile as $$
#variable_conflict error
declare
    moment bigint := {schema}.moment_1(turned);
begin
    perform {schema}.revoking_1();
    update {schema}.session s
    set key = to_key,
        authenticated = case when authenticated_now then moment else coalesce(authenticated_then, s.authenticated) end
    where s.key = from_key and s.format <= 1 and s.expires > moment;
    rotated := found;
    awaited := {schema}.reached_1();
end
$$;

create or replace function {schema}.add_to_group_1(joining text, joined text, out there_is boolean, out awaited bigint)
language plpgsql volatile as $$
#variable_conflict error
begin
    there_is := exists (select from {schema}.named_group g where g.name = joined);
    if there_is then
        perform {schema}.revoking_1();
        insert into {schema}.member (user_id, group_name) values (joining, joined) on conflict do nothing;
        awaited := {schema}.reached_1();
    end if;
end
$$;

create or replace function {schema}.remove_from_group_1(leaving text, left_group text, out there_is boolean, out awaited bigint)
language plpgsql volatile as $$
#variable_conflict error
begin
    perform {schema}.revoking_1();
    delete from {schema}.member m where m.user_id = leaving and m.group_name = left_group;
    there_is := exists (select from {schema}.named_group g where g.name = left_group);
    awaited := {schema}.reached_1();
end
$$;

-- As `open_session_1`, and it says whom to wait for where something was closed for it. What is to be closed is looked for first, since the place in
-- the log comes before the rows.
create or replace function {schema}.open_session_2(
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
    first_lock bigint := {schema}.user_lock_1(new_user);
    second_lock bigint;
begin
    if replaced is not null then
        select {schema}.user_lock_1(s.user_id) into second_lock from {schema}.session s where s.key = replaced;
    end if;
    perform pg_advisory_xact_lock(least(first_lock, second_lock));
    if second_lock <> first_lock then
        perform pg_advisory_xact_lock(greatest(first_lock, second_lock));
    end if;
    if second_lock is not null or exists (select from {schema}.session s where s.user_id = new_user offset most - 1) then
        perform {schema}.revoking_1();
    end if;
    select o.opened, o.ended_users, o.ended_handles, o.ended_reasons
    into opened, ended_users, ended_handles, ended_reasons
    from {schema}.open_session_1(new_key, new_user, new_handle, new_device, new_idle, new_absolute, new_expire,
        replaced, most, refuse, turned) o;
    awaited := {schema}.awaited_1();
end
$$;

-- Says to other nodes that somebody logged in in a browser, or that an application's own groups of a user changed, which is a revocation.
create or replace function {schema}.publish_1(changed_browser bytea, changed_user text, out awaited bigint)
language plpgsql volatile as $$
#variable_conflict error
begin
    if changed_browser is not null then
        perform {schema}.tell_1(array['b' || encode(changed_browser, 'hex')]);
    end if;
    if changed_user is not null then
        perform {schema}.revoke_1('{}', array[changed_user]);
    end if;
    awaited := {schema}.awaited_1();
end
$$;

-- Puts a node on the list. It waits for revocations under way, and those that come later see it.
create or replace function {schema}.join_leases_1(joining text, lease_millis bigint, out joined_at bigint)
language plpgsql volatile as $$
#variable_conflict error
begin
    perform pg_advisory_xact_lock(hashtextextended('{name}.lease', 0));
    select p.position into joined_at from {schema}.revocation_position p;
    insert into {schema}.lease_node (node, applied, renewals, lease) values (joining, joined_at, 0, lease_millis);
    -- A release that knows of no list would not wait for this node.
    update {schema}.migration m set compatible_from = 4 where m.version >= 4 and m.compatible_from < 4;
end
$$;

-- Notes that a node has applied the log up to a position, and tells it the rest; `known` is false where it is not on the list.
create or replace function {schema}.renew_lease_1(
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
begin
    update {schema}.lease_node n
    set applied = greatest(n.applied, has_applied), renewals = n.renewals + 1
    where n.node = renewing;
    known := found;
    if not known then
        return;
    end if;
    select coalesce(max(r.position), has_applied), count(*) > most into reached, is_too_much
    from {schema}.revocation r where r.position > has_applied;
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
