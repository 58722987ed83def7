"""Serve a stand-in by hand, to look at the service and its setup without GitHub.

    python -m tests.github

It prints what the service has to be told, and ends with Ctrl+C.
"""

from __future__ import annotations

import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from tests.github.standin import running


def main() -> None:
    """Serve until somebody ends it."""
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt), running(Path(folder) / "git") as standin:
        standin.repository("acme/shop", {"app.py": "print('hello')\n"})
        key = Path(folder) / "key.pem"
        key.write_text(standin.app.private_key, encoding="utf-8")
        print(f"DEPLOYMEND_BASE_URL={standin.api}")
        print(f"DEPLOYMEND_WEB_URL={standin.web}")
        print(f"DEPLOYMEND_APP_ID={standin.app.id}")
        print(f"DEPLOYMEND_PRIVATE_KEY_FILE={key}")
        print(f"DEPLOYMEND_WEBHOOK_SECRET='{standin.app.webhook_secret}'", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
