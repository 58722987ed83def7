"""The service: listens for failed deploys on GitHub and answers each cause with one pull request.

Loaded by `bot serve` and `bot worker` alone; what it is built on is installed by the extra `serve`.
"""
