select v.version, v.value, 0::bigint as unseen, true as came_back
from {schema}.slot_owner o
join {schema}.slot v on v.owner = o.id
where o.user_id = $1 and v.tab = $2 and v.name = $3
