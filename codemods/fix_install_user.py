"""Let pip install as a user who may: before USER, or where the folder and the home are its user's.

Below `USER appuser`, pip is appuser's. `pip install .` and `-e .` with setuptools write `NAME.egg-info` beside the sources,
into a folder that WORKDIR and COPY made as root: `error: could not create 'app.egg-info': Permission denied`, with `--user` too
and after `COPY --chown`, which gives away what it copies and not the folder that was there. And where site-packages is root's,
pip installs into the home folder of its user, which `useradd` makes with `--create-home` alone:
`Could not install packages due to an OSError: [Errno 13] Permission denied: '/home/appuser'`.

USER moves below the install, where nothing between them would become root's; else the folder is given to the user above USER,
or the home is made. The one that brings the deploy furthest is taken.

Before:                                   After:

    WORKDIR /app                              WORKDIR /app
    COPY --chown=appuser . .                  COPY --chown=appuser . .
    USER appuser                              RUN chown appuser /app
    RUN pip install --user -e .               USER appuser
                                              RUN pip install --user -e .

References: https://docs.docker.com/reference/dockerfile/#user, https://pip.pypa.io/en/stable/user_guide/#user-installs
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Denied, Fault, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _owners

CODEMOD = Codemod(answers=("permission-denied",), since="0.1", rank=40)
_INSTALLERS = ("pip", "venv")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose USER below the install, the folder for its user, and a home."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, Denied):
        return
    by, path, user, number = finding.detail
    if by not in _INSTALLERS:
        return
    if number is None or _owners.user_above(image.file, number) is None:
        yield Skip("the user is not set in the stage of the install")
        return

    def edited(splices: list[Splice]) -> Tree:
        return tree.write(image.dockerfile, splice(image.file.text, splices))

    if lowered := _owners.lowered(image.file, number):
        yield Proposal(edited(lowered), f"pip installs as root, and {user} runs what is installed.")
    home = image.users.home(user)
    own = path != home and path not in image.environments  # these are no folders of sources
    if own and (given := _owners.given(image, number, path, user, True)):
        yield Proposal(edited([given]), f"The build of the project writes into its folder, which is root's and not {user}'s.")
    for owned in _owners.owned_copies(image.file, number, user) if own else ():
        yield Proposal(
            edited([owned]), f"The build of the project writes beside the sources, which are root's and not {user}'s."
        )
    if path == home and (made := _owners.home(image.file, number, user)):
        yield Proposal(edited([made]), f"pip installs into the home folder of {user}, and nothing makes it.")
