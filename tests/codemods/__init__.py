from tests.tools import check_noop


def reasons(codemod: str, files: dict[str, str], unsafe: bool = True) -> set[str]:
    """Assert that a codemod changes nothing, and return the reasons that it (or the plan) gives."""
    return {dropped.reason for dropped in check_noop(codemod, files, unsafe).dropped if dropped.codemod == codemod}
