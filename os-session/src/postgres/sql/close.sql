select closed_user as user_id, closed_handle as handle, expired, awaited from {schema}.close_2($1, $2)
