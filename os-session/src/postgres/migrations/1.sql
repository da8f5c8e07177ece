-- Times are milliseconds since the Unix epoch by this server's clock; 9223372036854775807 is "never".
-- Identifiers and names compare byte by byte, so that no update of the system's collations breaks an index.

create table if not exists {schema}.session (
    key bytea primary key,
    -- How this row is written. A program leaves rows alone whose format it does not know.
    format smallint not null default 1,
    user_id text collate "C" not null,
    handle bigint not null,
    opened bigint not null,
    seen bigint not null,
    authenticated bigint not null,
    idle bigint not null,
    ends bigint not null,
    expires bigint not null generated always as (least(ends, seen + least(idle, 9223372036854775807 - seen))) stored,
    expire boolean not null,
    device text
);

create unique index if not exists session_of_user on {schema}.session (user_id, handle);
create index if not exists session_by_end on {schema}.session (expires);

create table if not exists {schema}.named_group (
    name text collate "C" primary key
);

create table if not exists {schema}.member (
    user_id text collate "C" not null,
    group_name text collate "C" not null references {schema}.named_group (name) on delete cascade,
    primary key (user_id, group_name)
);

-- Functions carry a number and never change under it: another behaviour is another number, so that two releases can
-- use the same schema.

-- The moment, and how far a test has turned the clock.
create or replace function {schema}.moment_1(turned bigint) returns bigint
language sql volatile as $$
    select floor(extract(epoch from clock_timestamp()) * 1000)::bigint + turned
$$;

-- What stands for a user among the advisory locks. Two users with the same number wait for each other, and no more.
create or replace function {schema}.user_lock_1(user_id text) returns bigint
language sql immutable as $$
    select hashtextextended(user_id, hashtextextended('{name}.session', 0))
$$;

-- Opens a session. A statement sees what was committed before it began, so whoever counts must wait for the lock first
-- and begin a statement afterwards: hence a function.
--
-- Whatever takes several rows of a user does it under that user's lock, and takes the locks of two users in their order.
create or replace function {schema}.open_session_1(
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
    out ended_reasons smallint[]
)
language plpgsql volatile as $$
#variable_conflict error
declare
    first_lock bigint := {schema}.user_lock_1(new_user);
    second_lock bigint;
    moment bigint;
    others bigint;
begin
    ended_users := '{}';
    ended_handles := '{}';
    ended_reasons := '{}';

    if replaced is not null then
        select {schema}.user_lock_1(s.user_id) into second_lock from {schema}.session s where s.key = replaced;
    end if;
    perform pg_advisory_xact_lock(least(first_lock, second_lock));
    if second_lock <> first_lock then
        perform pg_advisory_xact_lock(greatest(first_lock, second_lock));
    end if;
    moment := {schema}.moment_1(turned);

    if refuse then
        select count(*) into others from {schema}.session s
        where s.user_id = new_user and s.expires > moment and s.key is distinct from replaced;
        if others >= most then
            opened := false;
            return;
        end if;
    end if;

    if replaced is not null then
        with gone as (
            delete from {schema}.session s
            where s.key = replaced
            returning s.user_id, s.handle, case when s.expires > moment then 1 else 3 end as reason
        )
        select array_agg(g.user_id), array_agg(g.handle), array_agg(g.reason::smallint)
        into ended_users, ended_handles, ended_reasons
        from gone g;
    end if;

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
        coalesce(ended_users, '{}') || coalesce(array_agg(g.user_id), '{}'),
        coalesce(ended_handles, '{}') || coalesce(array_agg(g.handle), '{}'),
        coalesce(ended_reasons, '{}') || coalesce(array_agg(g.reason::smallint), '{}')
    into ended_users, ended_handles, ended_reasons
    from gone g;

    insert into {schema}.session (key, user_id, handle, opened, seen, authenticated, idle, ends, expire, device)
    values (new_key, new_user, new_handle, moment, moment, moment, new_idle,
        moment + least(new_absolute, 9223372036854775807 - moment), new_expire, new_device);
    opened := true;
end
$$;

-- Ends all sessions of a user but one.
create or replace function {schema}.close_all_1(closing_user text, except_key bytea, turned bigint)
returns table (ended_handle bigint, expired boolean)
language plpgsql volatile as $$
declare
    moment bigint;
begin
    perform pg_advisory_xact_lock({schema}.user_lock_1(closing_user));
    moment := {schema}.moment_1(turned);
    return query
        delete from {schema}.session s
        where s.user_id = closing_user and s.key is distinct from except_key
        returning s.handle, s.expires <= moment;
end
$$;
