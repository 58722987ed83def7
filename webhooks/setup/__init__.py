"""GET /setup: the pages that register a running service as a GitHub App, by GitHub's App manifest flow.

Source: https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest (read in 2026).
"""

from __future__ import annotations

from webhooks.setup.routes import router
from webhooks.setup.session import announcement, new_key

__all__ = ["announcement", "new_key", "router"]
