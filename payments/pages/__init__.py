"""Builds what the checkout and the buyer's order pages show: frozen, all text."""
