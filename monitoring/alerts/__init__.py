"""Rules over measurements, and the people told when one breaks."""
