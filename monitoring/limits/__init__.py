"""Who may ask how often: one table of tiers, counted in Redis, with a strict local count when Redis is away."""
