select closed_handle as handle, expired, awaited from {schema}.close_handle_2($1, $2, $3)
