select name from {schema}.named_group order by name
