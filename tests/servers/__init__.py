"""Servers that the tests talk to instead of the real ones."""
