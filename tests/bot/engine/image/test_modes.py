import pytest

from bot.engine.image.modes import changed, understood


@pytest.mark.parametrize(
    ("mode", "change", "expected"),
    [
        (0o644, "755", 0o755),
        (0o644, "0600", 0o600),
        (0o644, "+x", 0o755),
        (0o644, "u+x", 0o744),
        (0o644, "a+rwx", 0o777),
        (0o755, "go-rx", 0o700),
        (0o644, "g=u", 0o664),
        (0o644, "u=rwx,g=rx,o=", 0o750),
        (0o644, "+w", 0o644),
        (0o444, "+w", 0o644),
        (0o644, "-r", 0o200),
        (0o644, "a+X", 0o644),
        (0o744, "a+X", 0o755),
        (0o644, "nonsense", 0o644),
        (0o644, "1777", 0o777),
    ],
)
def test_a_mode_after_a_chmod(mode, change, expected):
    assert changed(mode, change, folder=False) == expected


def test_a_capital_x_counts_for_folders():
    assert changed(0o644, "a+X", folder=True) == 0o755


@pytest.mark.parametrize(
    ("change", "expected"), [("755", True), ("u+x,g-w", True), ("9", False), ("$MODE", False), ("u+y", False)]
)
def test_what_is_understood(change, expected):
    assert understood(change) is expected
