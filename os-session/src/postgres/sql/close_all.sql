select closed_handles, were_expired, awaited from {schema}.close_all_3($1, $2, $3, $4)
