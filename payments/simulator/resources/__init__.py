"""One module per Stripe resource: each function answers one endpoint inside one transaction."""
