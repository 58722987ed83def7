"""Imports between distributions, as the wheels of a resolved set have them."""

from __future__ import annotations

import pytest

from bot.engine.image.site import Site
from bot.engine.model.index import Solved, Wish
from tests.bot.engine.index import Dist, Index

SHOP = {"shop/__init__.py": "from lib.core import run\n"}


def site(known: dict[str, Dist], python: tuple[int, int] = (3, 12), partial: str | None = None) -> Site:
    index = Index({name: {"1.0": dist} for name, dist in known.items()})
    answer = index.resolve(Wish(tuple(known), (), (), (), python, "manylinux_2_36"))
    assert isinstance(answer, Solved)
    return Site(answer.pins, index, python, partial)


def message(found: Site, name: str, *names: str) -> str | None:
    broken = found.imported(name, names or None)
    return broken.message if broken else None


def lib(core: str = "def run(): ...\n", **more: str) -> Dist:
    return Dist(files={"lib/__init__.py": "", "lib/core.py": core, **more})


# --- what is there


def test_modules_and_namespaces_are_there():
    found = site({"a": Dist(files={"google/cloud/a.py": "", "one.py": "", "x/__init__.py": "", "x/_c.cpython-312-x.so": ""})})
    assert [found.has(name) for name in ("google", "google.cloud", "google.cloud.a", "one", "x", "x._c")] == [True] * 6
    assert [found.has(name) for name in ("a", "x.y", "google.b", "files")] == [False] * 4


def test_a_package_that_makes_modules_may_have_any():
    found = site({"six": Dist(files={"six.py": "import sys\nsys.modules[__name__ + '.moves'] = object()\n"})})
    assert not found.has("six.moves")
    assert found.may_have("six.moves.urllib")
    assert message(found, "six.moves", "urllib") is None


def test_who_brings_a_module():
    found = site({"a-b": Dist(files={"ab/__init__.py": ""}), "c": Dist(files={"c/d/e.py": ""})})
    assert [found.giver(name) for name in ("ab", "ab.none", "c.d.e", "zzz")] == ["a-b", "a-b", "c", None]


# --- what fails


def test_an_import_that_works_is_nothing():
    assert message(site({"shop": Dist(files=SHOP), "lib": lib()}), "shop") is None


def test_a_distribution_that_is_not_there():
    broken = site({"shop": Dist(files=SHOP)}).imported("shop", None)
    assert broken is not None
    assert broken.message == "ModuleNotFoundError: No module named 'lib'"
    assert (broken.module, broken.name, broken.lacking, broken.importer) == ("lib", None, None, "shop")
    assert broken.chain == ("shop/__init__.py:1",)


def test_a_module_that_the_other_lost():
    broken = site({"shop": Dist(files=SHOP), "lib": Dist(files={"lib/__init__.py": ""})}).imported("shop", None)
    assert broken is not None
    assert broken.message == "ModuleNotFoundError: No module named 'lib.core'"
    assert (broken.module, broken.lacking, broken.importer) == ("lib.core", "lib", "shop")


def test_a_name_that_the_other_lost():
    broken = site({"shop": Dist(files=SHOP), "lib": lib("def walk(): ...\n")}).imported("shop", None)
    assert broken is not None
    path = "/usr/local/lib/python3.12/site-packages/lib/core.py"
    assert broken.message == f"ImportError: cannot import name 'run' from 'lib.core' ({path})"
    assert (broken.module, broken.name, broken.lacking, broken.failure) == ("lib.core", "run", "lib", "import")


def test_a_file_is_no_package():
    found = site({"shop": Dist(files={"shop.py": "import lib.core\n"}), "lib": Dist(files={"lib.py": ""})})
    assert message(found, "shop") == "ModuleNotFoundError: No module named 'lib.core'; 'lib' is not a package"


@pytest.mark.parametrize(
    "core",
    [
        "from lib._c import *\n",  # a compiled module
        "def __getattr__(name): ...\n",
        "globals()['run'] = 1\n",
        "from lib.other import *\n",
        "if unknown:\n    run = 1\n",
        "try:\n    from fast import run\nexcept ImportError:\n    run = None\n",
        "import lib.run as run\n",
    ],
)
def test_a_name_that_may_be_there_is_not_missed(core: str):
    files = {"lib/_c.abi3.so": "", "lib/other.py": "def run(): ...\n", "lib/run.py": ""}
    assert message(site({"shop": Dist(files=SHOP), "lib": lib(core, **files)}), "shop") is None


def test_a_submodule_is_a_name():
    files = {"shop.py": "from lib import core\n"}
    assert message(site({"shop": Dist(files=files), "lib": lib()}), "shop") is None
    assert message(site({"shop": Dist(files=files), "lib": lib("import gone\n")}), "shop") is not None


def test_names_through_a_star_are_looked_up_there():
    star = {"lib/__init__.py": "from .core import *\n"}
    found = site({"shop": Dist(files={"shop.py": "from lib import run\n"}), "lib": lib(**star)})
    assert message(found, "shop") is None
    other = site({"shop": Dist(files={"shop.py": "from lib import walk\n"}), "lib": lib(**star)})
    assert message(other, "shop") is not None


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import lib\nexcept ImportError:\n    lib = None\n",
        "try:\n    import lib\nexcept Exception:\n    pass\n",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import lib\n",
        "if TYPE_CHECKING:\n    import lib\n",
        "def later():\n    import lib\n",
        "import sys\nif sys.version_info < (3, 8):\n    import lib\n",
        "import sys\nif sys.platform == 'win32':\n    import lib\n",
        "if unknown():\n    import lib\n",
        "for each in everything:\n    import lib\n",
    ],
)
def test_an_import_that_does_not_count_is_not_missed(source: str):
    assert message(site({"shop": Dist(files={"shop.py": source})}), "shop") is None


def test_what_a_handler_imports_counts():
    source = "try:\n    import tomllib\nexcept ImportError:\n    import tomli\n"
    shop = {"shop": Dist(files={"shop.py": source})}
    assert message(site(shop), "shop") is None
    assert message(site(shop, (3, 10)), "shop") == "ModuleNotFoundError: No module named 'tomli'"


def test_a_handler_that_raises_again_does_not_help():
    source = "try:\n    import lib\nexcept ImportError as error:\n    raise RuntimeError('install lib') from error\n"
    assert message(site({"shop": Dist(files={"shop.py": source})}), "shop") == "ModuleNotFoundError: No module named 'lib'"


def test_what_the_standard_library_dropped_is_missed():
    shop = {"shop": Dist(files={"shop.py": "import cgi\n"})}
    assert message(site(shop, (3, 12)), "shop") is None
    assert message(site(shop, (3, 13)), "shop") == "ModuleNotFoundError: No module named 'cgi'"


def test_a_circle_ends():
    files = {"a/__init__.py": "from b import x\n"}, {"b/__init__.py": "import a\nfrom gone import y\nx = 1\n"}
    assert message(site({"a": Dist(files=files[0]), "b": Dist(files=files[1])}), "a") is not None


def test_of_its_own_a_distribution_knows_best():
    shop = {"shop/__init__.py": "from shop.made import x\nfrom shop.core import made_elsewhere\n", "shop/core.py": ""}
    assert message(site({"shop": Dist(files=shop)}), "shop") is None


def test_where_more_may_be_installed_only_parts_of_what_is_known_are_missed():
    shop = {"shop": Dist(files=SHOP)}
    assert message(site(shop, partial="a project may give more"), "shop") is None
    assert message(site({**shop, "lib": Dist(files={"lib/__init__.py": ""})}, partial="x"), "shop") is not None


def test_a_wheel_that_was_not_looked_into_may_have_anything():
    found = site({"shop": Dist(files=SHOP), "other": Dist(seen=False)})
    assert found.unseen == ("other",)
    assert message(found, "shop") is None


def test_a_deep_chain_ends_without_an_error():
    files = {f"deep/m{number}.py": f"import deep.m{number + 1}\n" for number in range(3000)}
    assert message(site({"deep": Dist(files={"deep/__init__.py": "import deep.m0\n", **files})}), "deep") is None


def test_scripts_of_all_wheels():
    assert site({"a": Dist(scripts=("run",)), "b": Dist(scripts=("walk", "go"))}).scripts == {"run", "walk", "go"}


def test_what_a_release_offers_for_sure():
    found = site({"lib": lib("run = 1\n"), "lazy": Dist(files={"lazy.py": "def __getattr__(name): ...\n"})})
    assert [found.offers("lib.core", name) for name in (None, "run", "walk")] == [True, True, False]
    assert not found.offers("lib.gone", None)
    assert not found.offers("lazy", "anything")
