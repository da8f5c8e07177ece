select ended_handle as handle, expired from {schema}.close_all_with_browsers_1($1, $2)
