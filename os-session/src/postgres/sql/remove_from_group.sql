select there_is, awaited from {schema}.remove_from_group_1($1, $2)
