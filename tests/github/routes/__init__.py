"""The operations that are answered, one file an area; importing this enters them all into the list."""

from tests.github.routes import actions, apps, checks, commits, deployments, issues, pulls, refs, repositories, statuses

__all__ = ["actions", "apps", "checks", "commits", "deployments", "issues", "pulls", "refs", "repositories", "statuses"]
