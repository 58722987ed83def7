"""A stand-in for GitHub: its REST API with state, git over HTTP, signed deliveries, held against GitHub's own description."""
