-- What slots belong to: a session, a user, or a browser, by the columns that are not null.
--
-- A session keeps its user and handle when its token is exchanged. The foreign key lets a release that knows of no slots
-- end them with their session.
create table if not exists {schema}.slot_owner (
    id bigint generated always as identity primary key,
    session_user_id text collate "C",
    session_handle bigint,
    user_id text collate "C" unique,
    browser_key bytea unique,
    -- Of a browser: when it was last seen, how long it lives afterwards once its cookie has come back, how long until then (null once it
    -- has), and the handle of the session that is open in it.
    seen bigint,
    idle bigint,
    new_idle bigint,
    expires bigint generated always as (seen + least(coalesce(new_idle, idle), 9223372036854775807 - seen)) stored,
    open_session bigint,
    unique (session_user_id, session_handle),
    foreign key (session_user_id, session_handle) references {schema}.session (user_id, handle) on delete cascade
);

create index if not exists slot_owner_by_end on {schema}.slot_owner (expires) where expires is not null;
create index if not exists slot_owner_by_use on {schema}.slot_owner ((new_idle is null), seen) where browser_key is not null;
create index if not exists slot_owner_by_open_session on {schema}.slot_owner (open_session) where open_session is not null;

create table if not exists {schema}.slot (
    owner bigint not null references {schema}.slot_owner (id) on delete cascade,
    -- Empty: of no tab.
    tab bytea not null,
    name text collate "C" not null,
    -- Drawn anew for each write. Writes of one owner wait for each other, so theirs grow.
    version bigint generated always as identity,
    value bytea not null,
    primary key (owner, tab, name)
);

-- Removes browsers until at most so many are left, but never the one at that place, and never more than so many: expired ones first, then
-- those whose cookie never came back, and of each the least recently seen. What another transaction writes to just now is passed over.
create or replace function {schema}.evict_browsers_1(place bigint, most bigint, most_evicted bigint, turned bigint)
returns void
language plpgsql volatile as $$
#variable_conflict error
declare
    moment bigint := {schema}.moment_1(turned);
    evicted bigint;
    removed bigint;
begin
    -- One at a time: statements after this one count what the others have made.
    perform pg_advisory_xact_lock(hashtextextended('{name}.browsers', 0));
    select least(count(*) - most, most_evicted) into evicted from {schema}.slot_owner o where o.browser_key is not null;
    if evicted <= 0 then
        return;
    end if;
    delete from {schema}.slot_owner b
    where b.id = any (array(
        select o.id from {schema}.slot_owner o
        where o.expires <= moment and o.id <> place
        order by o.expires
        limit evicted
        for update skip locked));
    get diagnostics removed = row_count;
    delete from {schema}.slot_owner b
    where b.id = any (array(
        select o.id from {schema}.slot_owner o
        where o.browser_key is not null and o.id <> place
        order by (o.new_idle is null), o.seen
        limit evicted - removed
        for update skip locked));
end
$$;

-- Writes or removes a value. Whoever writes for an owner holds a lock on it first, and begins a statement afterwards: the row
-- of the session, so that the end of the session waits or comes first; the row of the browser; a number for the user.
create or replace function {schema}.write_slot_1(
    -- 1 a session, 2 a user, 3 a browser
    owner_kind smallint,
    owner_key bytea,
    owner_user text,
    slot_tab bytea,
    slot_name text,
    -- 0 anything, 1 nothing, 2 that version
    expected smallint,
    expected_version bigint,
    -- null removes
    new_value bytea,
    most_slots bigint,
    most_tabs bigint,
    -- null makes no browser
    browser_idle bigint,
    -- null counts as one whose cookie has come back
    browser_new_idle bigint,
    most_browsers bigint,
    browser_session bigint,
    -- the request came with the browser's cookie
    came_back boolean,
    turned bigint,
    -- 0 written, 1 removed, 2 conflict, 3 no owner, 4 too many
    out outcome smallint,
    out written bigint
)
language plpgsql volatile as $$
#variable_conflict error
declare
    moment bigint := {schema}.moment_1(turned);
    of_user text;
    of_session bigint;
    place bigint;
    held bigint;
    others bigint;
    -- Counting costs what there is to be counted: one of so many new browsers counts, so that on average each pays for 64.
    unevicted bigint := greatest(most_browsers / 64, 1);
begin
    case owner_kind
    when 1 then
        select s.user_id, s.handle into of_user, of_session from {schema}.session s
        where s.key = owner_key and s.format <= 1 and s.expires > moment
        for no key update;
        if not found then
            outcome := 3;
            return;
        end if;
        select o.id into place from {schema}.slot_owner o
        where o.session_user_id = of_user and o.session_handle = of_session;
    when 2 then
        perform pg_advisory_xact_lock(hashtextextended(owner_user, hashtextextended('{name}.slot', 0)));
        select o.id into place from {schema}.slot_owner o where o.user_id = owner_user;
    else
        loop
            select o.id into place from {schema}.slot_owner o
            where o.browser_key = owner_key and o.expires > moment
            for no key update;
            exit when found;
            if browser_idle is null or new_value is null then
                outcome := 3;
                return;
            elsif expected = 2 then
                outcome := 2;
                return;
            end if;
            delete from {schema}.slot_owner o where o.browser_key = owner_key and o.expires <= moment;
            insert into {schema}.slot_owner (browser_key, seen, idle, new_idle, open_session)
            values (owner_key, moment, browser_idle, browser_new_idle, browser_session)
            on conflict do nothing
            returning id into place;
            if found then
                if random() * unevicted < 1 then
                    perform {schema}.evict_browsers_1(place, most_browsers, 1000 + unevicted, turned);
                end if;
                exit;
            end if;
            -- Another transaction made it meanwhile.
        end loop;
    end case;

    select v.version into held from {schema}.slot v
    where v.owner = place and v.tab = slot_tab and v.name = slot_name;
    if (expected = 1 and held is not null) or (expected = 2 and held is distinct from expected_version) then
        outcome := 2;
        return;
    end if;

    if new_value is null then
        delete from {schema}.slot v where v.owner = place and v.tab = slot_tab and v.name = slot_name;
        -- Nothing is left behind of a user without slots. A session takes it along, a browser is there without slots as well.
        if owner_kind = 2 then
            delete from {schema}.slot_owner o
            where o.id = place and not exists (select from {schema}.slot v where v.owner = o.id);
        end if;
        outcome := 1;
    elsif held is not null then
        update {schema}.slot v set value = new_value, version = default
        where v.owner = place and v.tab = slot_tab and v.name = slot_name
        returning v.version into written;
        outcome := 0;
    else
        select count(*) into others from {schema}.slot v where v.owner = place and v.tab = slot_tab;
        if others >= most_slots then
            outcome := 4;
            return;
        end if;
        if place is null then
            insert into {schema}.slot_owner (session_user_id, session_handle, user_id)
            values (of_user, of_session, owner_user)
            returning id into place;
        elsif others = 0 and length(slot_tab) > 0 then
            delete from {schema}.slot v
            where v.owner = place
                and v.tab = any (array(
                    select w.tab from {schema}.slot w
                    where w.owner = place and length(w.tab) > 0
                    group by w.tab
                    order by max(w.version) desc
                    offset most_tabs - 1));
        end if;
        insert into {schema}.slot (owner, tab, name, value) values (place, slot_tab, slot_name, new_value)
        returning version into written;
        outcome := 0;
    end if;

    if owner_kind = 3 then
        update {schema}.slot_owner o
        set seen = greatest(o.seen, moment), new_idle = case when not came_back then o.new_idle end
        where o.id = place;
    end if;
end
$$;
