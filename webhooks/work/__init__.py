"""The work itself: one job per commit that failed to deploy, from the delivery to the pull request.

`store.py` remembers, `receiver.py` takes deliveries in, `flows.py` has the order of the steps, `looking.py`, `preparing.py`,
`proving.py`, `publishing.py` and `reporting.py` the steps, `causes.py` what becomes of pull requests that stand, and
`commands.py` what people ask for in comments.
"""
