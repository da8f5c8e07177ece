select rotated, awaited from {schema}.rotate_1($1, $2, $3, $4, $5)
