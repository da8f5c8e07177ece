select there_is, awaited from {schema}.add_to_group_1($1, $2)
