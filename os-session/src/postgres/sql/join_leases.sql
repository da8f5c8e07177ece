select joined_at from {schema}.join_leases_2($1, $2)
