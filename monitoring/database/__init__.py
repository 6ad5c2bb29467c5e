"""The watch over PostgreSQL: pool, slow queries, repeated queries."""
