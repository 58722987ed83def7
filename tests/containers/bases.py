"""Makes stand-ins for the `python:3.X` images out of Debian packages and a local CPython, where no registry can be reached.

usage: [DEPLOYMEND_BASES=FOLDER] python -m tests.containers.bases

Needs root, buildah and debootstrap. The result is the image docker.io/library/python:3.11-slim (of the version of the Python
that runs this), which builds with `--pull-never` then use. It lies with all that is built here in a storage of its own below
FOLDER, which also keeps the Debian root between runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = (
    "ca-certificates,libssl3,libffi8,libsqlite3-0,libbz2-1.0,liblzma5,libreadline8,zlib1g,libncursesw6,libexpat1,libuuid1"
)
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
IMAGE = f"docker.io/library/python:{VERSION}-slim"
FOLDER = Path(os.environ.get("DEPLOYMEND_BASES", "/var/tmp/deploymend-bases"))
_STORAGE = FOLDER / "storage.conf"
ENVIRONMENT = {**os.environ, "BUILDAH_ISOLATION": "chroot", "CONTAINERS_STORAGE_CONF": str(_STORAGE)}
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def missing() -> str | None:
    """Return why images can't be built here."""
    if os.geteuid() != 0:
        return "building images in a chroot needs root"
    absent = [tool for tool in ("buildah", "debootstrap") if shutil.which(tool) is None]
    return f"{' and '.join(absent)} not installed" if absent else None


def buildah(*arguments: str, timeout: int = 900) -> subprocess.CompletedProcess[str]:
    """Run buildah; its output is text."""
    command = ("buildah", *arguments)
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, env=ENVIRONMENT)


def make(folder: Path = FOLDER) -> None:
    """Build the image unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    driver = os.environ.get("STORAGE_DRIVER", "overlay")
    roots = f'graphroot = "{folder / "storage"}"\nrunroot = "{folder / "run"}"\n'
    _STORAGE.write_text(f'[storage]\ndriver = "{driver}"\n{roots}')
    if buildah("images", "-q", IMAGE).stdout.strip():
        return
    root = folder / "debian"
    if not (root / "usr").is_dir():
        _debian(root)
    context = folder / "context"
    shutil.rmtree(context, ignore_errors=True)
    _python(context / "python")
    (context / "Dockerfile").write_text(_dockerfile())
    os.rename(root, context / "debian")
    try:
        built = buildah("bud", "-q", "-t", IMAGE, str(context))
    finally:
        os.rename(context / "debian", root)
        shutil.rmtree(context)
    if built.returncode:
        raise RuntimeError(f"the base image could not be built: {built.stderr[-800:]}")


def prune() -> None:
    """Remove the layers that builds left behind: the next run installs what is released by then."""
    buildah("rmi", "--prune", "--force")


def _debian(root: Path) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(root)]
    mirror = _mirror()
    done = subprocess.run([*command, *([mirror] if mirror else [])], capture_output=True, text=True, timeout=900)
    if done.returncode:
        shutil.rmtree(root, ignore_errors=True)
        raise RuntimeError(f"debootstrap failed: {done.stdout[-800:]}")
    if _CERTIFICATES.is_file():  # the machine's own, so that pip in a build trusts what pip out here trusts
        shutil.copyfile(_CERTIFICATES, root / _CERTIFICATES.relative_to("/"))


def _mirror() -> str | None:
    """Return the mirror that apt uses."""
    for path in sorted(Path("/etc/apt").glob("sources.list*")) + sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        if path.is_file():
            for line in path.read_text().splitlines():
                if line.startswith("URIs:"):
                    return line.split()[1]
                if line.startswith("deb "):
                    return next(word for word in line.split() if "://" in word)
    return None


def _python(context: Path) -> None:
    """Copy the interpreter that runs this, bare: its own library and pip.

    /usr/local is made a virtual environment of it, because a Debian Python looks for packages elsewhere otherwise.
    """
    source, home, local = Path(sys.base_prefix), context / "opt" / "python", context / "usr" / "local"
    library = Path("lib") / f"python{VERSION}"
    (home / "bin").mkdir(parents=True)
    shutil.copy2(source / "bin" / f"python{VERSION}", home / "bin")
    for shared in source.glob(f"lib/libpython{VERSION}*"):
        (home / "lib").mkdir(exist_ok=True)
        shutil.copy2(shared, home / "lib", follow_symlinks=False)
    ignored = shutil.ignore_patterns("test", "tests", "idlelib", "__pycache__", "site-packages", "dist-packages")
    shutil.copytree(source / library, home / library, symlinks=True, ignore=ignored)
    (local / "bin").mkdir(parents=True)
    (local / "pyvenv.cfg").write_text("home = /opt/python/bin\ninclude-system-site-packages = true\n")
    for name in (f"python{VERSION}", "python3", "python"):
        os.symlink(f"/opt/python/bin/python{VERSION}", local / "bin" / name)
    packages = local / library / "site-packages"
    packages.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", str(packages), "pip"], check=True)
    (local / "bin" / "pip").write_text('#!/bin/sh\nexec /usr/local/bin/python -m pip "$@"\n')
    (local / "bin" / "pip").chmod(0o755)
    shutil.rmtree(packages / "bin", ignore_errors=True)


def _dockerfile() -> str:
    path = "/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    variables = {
        "PATH": path,
        "LANG": "C.UTF-8",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COMPILE": "1",
    }
    variables |= {name: os.environ[name] for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL") if name in os.environ}
    if _CERTIFICATES.is_file():
        variables |= {"PIP_CERT": str(_CERTIFICATES), "SSL_CERT_FILE": str(_CERTIFICATES)}
    lines = [f'ENV {name}="{value}"' for name, value in variables.items()]
    library = "RUN echo /opt/python/lib > /etc/ld.so.conf.d/python.conf && ldconfig"
    return "\n".join(["FROM scratch", "COPY debian /", "COPY python /", library, *lines, 'CMD ["python3"]', ""])


if __name__ == "__main__":
    if reason := missing():
        sys.exit(reason)
    make()
    print(IMAGE)
