select known, reached, handles, users, is_too_much from {schema}.renew_lease_2($1, $2, $3)
