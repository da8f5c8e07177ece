delete from {schema}.lease_node n where n.node = $1 and n.renewals = $2
