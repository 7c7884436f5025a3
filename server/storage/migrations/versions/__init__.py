"""One file per revision of the database's schema."""
