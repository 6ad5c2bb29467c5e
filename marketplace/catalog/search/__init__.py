"""Finding goods: what was asked, how many there are of what, and which come first."""
