insert into {schema}.named_group (name) values ($1) on conflict do nothing
