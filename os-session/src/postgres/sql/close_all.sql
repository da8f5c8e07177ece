select closed_handles, were_expired, awaited from {schema}.close_all_2($1, $2, $3, $4)
