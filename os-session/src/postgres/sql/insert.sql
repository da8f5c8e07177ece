select opened, ended_users, ended_handles, ended_reasons, awaited
from {schema}.open_session_3($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
