select joined_at from {schema}.join_leases_1($1, $2)
