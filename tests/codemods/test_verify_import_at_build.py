import pytest

from bot.engine.plan import Allowed, weaknesses
from bot.engine.simulate import simulate
from codemods import Shelf
from tests.codemods import check_noop
from tests.tools import DOCKERFILE, HEALTHY, check_transformed, planned, tree

NAME = "verify-import-at-build"


def check(before: str, after: str, **more: str) -> None:
    check_transformed(NAME, {**HEALTHY, **more, "Dockerfile": before}, {"Dockerfile": after}, unsafe=True)


def test_the_build_imports_the_app():
    check(DOCKERFILE, DOCKERFILE.replace("COPY . .\n", 'COPY . .\nRUN python -c "import main"\n'))


def test_behind_all_that_an_import_hangs_on():
    before = DOCKERFILE.replace("CMD", "ENV MODE=production\nUSER nobody\nEXPOSE 8080\nCMD")
    check(before, before.replace("USER nobody\n", 'USER nobody\nRUN python -c "import main"\n'))


def test_a_module_in_a_package():
    before = DOCKERFILE.replace("main:app", "app.main:app")
    after = before.replace("COPY . .\n", 'COPY . .\nRUN python -c "import app.main"\n')
    check(before, after, **{"app/main.py": HEALTHY["main.py"]})


def test_it_is_not_looked_for_unless_it_is_selected():
    files = tree(HEALTHY)
    [report] = weaknesses(simulate(files), files, Shelf(), Allowed())
    assert report.weaknesses == ()
    assert not planned(HEALTHY, unsafe=True).tree.changes()
    assert not planned(HEALTHY, NAME).tree.changes()  # nor done without --unsafe


@pytest.mark.parametrize(
    "dockerfile",
    [
        DOCKERFILE.replace("COPY . .\n", 'COPY . .\nRUN python -c "import main; print(main.app)"\n'),
        DOCKERFILE.replace("CMD", "CMD cd /srv && ").replace('["uvicorn", "main:app"', "uvicorn main:app #"),
        DOCKERFILE.replace('["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]', '["python", "main.py"]'),
        DOCKERFILE.replace("main:app", "nothing:app"),
    ],
)
def test_what_is_imported_can_not_be_told_or_fails_is_left_alone(dockerfile):
    check_noop(NAME, {**HEALTHY, "Dockerfile": dockerfile})
