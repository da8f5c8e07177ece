select awaited from {schema}.publish_1($1, $2)
