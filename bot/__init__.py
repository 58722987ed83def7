"""Deploymend: finds out why a deploy fails, and repairs the repository."""
