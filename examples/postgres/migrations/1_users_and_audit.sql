create table users (
    id bigint primary key generated always as identity,
    name text not null unique,
    password_hash text not null,
    role text not null check (role in ('admin', 'editor', 'reader'))
);

create table audit (
    at timestamptz not null default now(),
    -- No reference: the audit outlives the account.
    user_id bigint,
    what text not null
);
