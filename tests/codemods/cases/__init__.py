"""The repositories that the properties of codemods are tried on, by what is edited."""

from tests.codemods.cases import code, configs, images, packages
from tests.codemods.cases.parts import Case

__all__ = ["CASES", "Case"]

CASES = [*code.CASES, *configs.CASES, *images.CASES, *packages.CASES]
