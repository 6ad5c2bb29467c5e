"""The panels and actions of this floor's own rooms."""
