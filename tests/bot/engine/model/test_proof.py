"""Whether a repair is worth keeping, by what became of the real boots."""

import pytest

from bot.engine.model.proof import Attempt, Proof, gets_further


def kept(before: Attempt, after: Attempt | None, missing: tuple[str, ...] = ()) -> bool:
    return gets_further(Proof("fly", "demo", "fly.toml", "app", "docker", before, after, missing=missing))


@pytest.mark.parametrize(
    ("before", "after", "further"),
    [
        ("config", "build", True),
        ("build", "boot", True),
        ("boot", "port", True),
        ("port", "ok", True),
        ("health", "ok", True),
        ("ok", "ok", True),
        ("build", "build", False),
        ("boot", "build", False),
        ("ok", "health", False),
        ("build", "unsupported", False),
        ("unsupported", "ok", False),
    ],
)
def test_the_stage_decides(before: str, after: str, further: bool):
    assert kept(Attempt(before, "a"), Attempt(after, "b")) is further  # type: ignore[arg-type]


def test_a_target_that_nothing_repairs_is_no_reason_against_the_others():
    assert kept(Attempt("boot", "a"), None)


MODULE = Attempt("boot", "ModuleNotFoundError: No module named 'backend'")
KEY = Attempt("boot", "KeyError: 'API_KEY'", log="KeyError: 'API_KEY'")


def test_at_the_same_stage_only_a_secret_that_a_person_sets_may_stand_in_the_way():
    assert kept(MODULE, KEY, ("API_KEY",))
    assert not kept(MODULE, KEY)
    assert not kept(MODULE, MODULE._replace(says="ImportError: x"), ("API_KEY",))


def test_a_first_cause_that_is_still_printed_is_not_gone():
    assert not kept(MODULE, KEY._replace(log=MODULE.says), ("API_KEY",))
