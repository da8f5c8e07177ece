select closed, there_were, awaited from {schema}.close_some_1($1, $2)
