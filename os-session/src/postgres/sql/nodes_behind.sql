select n.node, n.renewals, n.lease from {schema}.lease_node n where n.applied < $1
