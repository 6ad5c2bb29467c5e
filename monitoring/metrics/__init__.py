"""What is counted and timed: for Prometheus, and per minute in PostgreSQL for alerts and pages."""
