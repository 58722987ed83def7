"""A stand-in for GitHub: its REST API with state, git over HTTP, signed deliveries, held against GitHub's own description.

`standin.py` has the object that tests hold (`with running(folder) as standin`). What people and other Apps do is in `world.py`,
`talk.py` and `deploys.py`, what is sent to us in `deliveries.py`, what goes wrong on demand in `trouble.py`. A request goes
through `server.py` (token, limit, repository, permission, body) to an operation in `routes/`, whose answer `shapes.py` and
`reports.py` write; `description.py` judges both. `bare.py` and `gitside.py` are the git side, `shelf.py` the host of the logs,
`pages.py` the pages of an App's setup.

One more operation: its line in `tools/octokit/operations.txt`, `python tools/octokit.py`, a function under `routes/` with
`@answers("GET /…", needs="permission:level")`, and a test in which PyGithub asks for it.
"""
