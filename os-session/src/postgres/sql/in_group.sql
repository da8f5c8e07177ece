select exists (select from {schema}.member m where m.user_id = $1 and m.group_name = $2)
