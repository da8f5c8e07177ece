select ended_handle as handle, expired from {schema}.close_all_1($1, $2, $3)
