select known, reached, handles, users, is_too_much from {schema}.renew_lease_1($1, $2, $3)
