"""The work itself: one job per commit that failed to deploy, from the delivery to the pull request.

`store.py` remembers, `receiver.py` takes deliveries in, `flows.py` has the order of the steps, `gather.py`, `prepare.py`,
`publish.py` and `report.py` the steps, `commands.py` what people ask for in comments, and `guards.py` what we never do.
"""
