"""The configuration, checked before a release goes live."""
