"""The real deploy: builds and boots a target in a container, on a scratch copy, and asks what its platform would ask.

In the order of a run: `recipe.py` (a simulated target → what to build, start and ask), `secrets.py` (what a person gives by
name), `scratch.py` (the copy), `dockerfiles.py` (builds without a Dockerfile, images that stand in for others), `engines.py`
with `docker.py` and `buildah.py`, `commands.py` (their command lines, run with bounded output), `asking.py` (the request),
`sockets.py` (who listens where), `lines.py` (the telling line of a log), `watching.py` (what a process comes to), `trial.py`
(all of it, to an `Attempt`); `interrupts.py` is for Ctrl-C.
"""
