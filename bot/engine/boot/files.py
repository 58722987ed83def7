"""Files and folders that the code needs as it starts: which calls need them, and whether the image has them.

A model that is loaded at import, a folder that is served, a log that is opened: where it is missing, the process ends before it
serves. Messages were tried (CPython 3.11, pandas 3.0, numpy 2.4, joblib 1.5, Starlette 1.0, Pillow 12).
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from bot.engine.boot.finder import Loaded
from bot.engine.boot.modules import parsed
from bot.engine.boot.values import PathValue, Scope, dotted, evaluate
from bot.engine.image.filesystem import STANDARD, Linked, below
from bot.engine.image.stage import Image
from bot.engine.model.findings import Failure, MissingData
from bot.engine.model.tree import Tree, Unreadable

Kind = Literal["file", "folder"]


class Need(NamedTuple):
    """What a call needs: the expression of a path, and what has to lie there; "parent": a folder for it to lie in.

    `words` are those of the failure, with the path as it is written, or in full; none where they depend on the kind of file.
    """

    path: ast.expr
    what: Literal["file", "folder", "parent"]
    words: str
    failure: Failure = "file"
    method: bool = False  # of a Path


class Missing(NamedTuple):
    """A need that the image does not meet. `certain`: nothing but the repository decides that."""

    message: str
    reason: str
    detail: MissingData
    certain: bool
    failure: Failure


class _Reader(NamedTuple):
    """A function that reads a path: its first argument, or the one of this name."""

    keyword: str
    words: str
    what: Literal["file", "folder", "parent"] = "file"
    failure: Failure = "file"


_ERRNO = "FileNotFoundError: [Errno 2] No such file or directory: {path!r}"
_FULL = "FileNotFoundError: [Errno 2] No such file or directory: {full!r}"
_ONNX = (
    "onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile: [ONNXRuntimeError] : 3 : NO_SUCHFILE : Load model from {path}"
    " failed:Load model {path} failed. File doesn't exist"
)
_KERAS = {  # Keras 3's words, by the kind of file
    ".keras": "ValueError: File not found: filepath={path}. Please ensure the file is an accessible `.keras` zip file.",
    ".h5": "FileNotFoundError: [Errno 2] Unable to synchronously open file (unable to open file: name = '{path}', errno = 2, "
    "error message = 'No such file or directory', flags = 0, o_flags = 0)",
}
_PANDAS = "read_csv read_table read_excel read_json read_pickle read_feather read_fwf".split()
_HANDLERS = "FileHandler RotatingFileHandler TimedRotatingFileHandler WatchedFileHandler".split()
_OPENERS = ("", "io", "codecs", "gzip", "bz2", "lzma")
_READERS: dict[tuple[str, str], _Reader] = {  # by the first and the last part of the name
    **{(module, "open"): _Reader("file" if module in ("", "io") else "filename", _ERRNO) for module in _OPENERS},
    ("joblib", "load"): _Reader("filename", _ERRNO),
    ("torch", "load"): _Reader("f", _ERRNO),
    ("numpy", "load"): _Reader("file", _ERRNO),
    **dict.fromkeys((("numpy", "loadtxt"), ("numpy", "genfromtxt")), _Reader("fname", "FileNotFoundError: {path} not found.")),
    **{("pandas", name): _Reader("filepath_or_buffer" if name != "read_excel" else "io", _ERRNO) for name in _PANDAS},
    ("pandas", "read_parquet"): _Reader("path", "FileNotFoundError: {path}"),
    ("PIL", "open"): _Reader("fp", _ERRNO),
    ("PIL", "truetype"): _Reader("font", "OSError: cannot open resource", "file", "error"),
    ("tarfile", "open"): _Reader("name", _ERRNO),
    ("zipfile", "ZipFile"): _Reader("file", _ERRNO),
    ("toml", "load"): _Reader("f", _ERRNO),
    ("decouple", "RepositoryEnv"): _Reader("source", _ERRNO),
    ("firebase_admin", "Certificate"): _Reader("cert", _ERRNO),
    ("google", "from_service_account_file"): _Reader("filename", _ERRNO),
    **{("os", name): _Reader("path", _ERRNO, "folder") for name in ("listdir", "scandir", "chdir")},
    **{
        (module, "StaticFiles"): _Reader("directory", "RuntimeError: Directory '{path}' does not exist", "folder", "error")
        for module in ("fastapi", "starlette")
    },
    **dict.fromkeys((("tensorflow", "load_model"), ("keras", "load_model")), _Reader("filepath", "", failure="error")),
    ("onnxruntime", "InferenceSession"): _Reader("path_or_bytes", _ONNX, failure="error"),
    **{("logging", name): _Reader("filename", _FULL, "parent") for name in _HANDLERS},
    ("sqlite3", "connect"): _Reader("database", "sqlite3.OperationalError: unable to open database file", "parent", "error"),
}
_METHODS: dict[str, _Reader] = {  # of a Path
    "open": _Reader("", _ERRNO),
    "read_text": _Reader("", _ERRNO),
    "read_bytes": _Reader("", _ERRNO),
    "iterdir": _Reader("", _ERRNO, "folder"),
    "write_text": _Reader("", _ERRNO, "parent"),
    "write_bytes": _Reader("", _ERRNO, "parent"),
    "touch": _Reader("", _ERRNO, "parent"),
}
_MAKERS = {  # calls that make a path, and which argument it is
    "makedirs": 0, "mkdir": 0, "mknod": 0, "to_csv": 0, "to_json": 0, "to_pickle": 0, "to_parquet": 0, "to_excel": 0,
    "copy": 1, "copy2": 1, "copyfile": 1, "copytree": 1, "move": 1, "rename": 1, "replace": 1, "urlretrieve": 1, "dump": 1,
    "save": 0, "savez": 0, "extractall": 0, "symlink": 1,
}  # fmt: skip
WATCHED = frozenset((*(name for _, name in _READERS), *_METHODS, *_MAKERS, "basicConfig", "find_dotenv"))  # last parts of names
_SPAWNING = re.compile(r"(?:subprocess|sh)\.\w+|os\.(?:system|popen|spawn\w+)|asyncio\.create_subprocess\w+|Popen|check_\w+")
_HARMLESS = frozenset(  # calls that make no file, though they name one
    "join Path PurePath str repr print exists isfile isdir is_file is_dir lexists abspath realpath dirname basename resolve"
    " absolute relative_to as_posix with_suffix with_name expanduser debug info warning error exception critical log getenv get"
    " len format stat getsize mount load loads isinstance endswith startswith append insert url_for Jinja2Templates"
    " FileResponse send_file send_from_directory TemplateResponse load_dotenv Field HTTPException Exception RuntimeError"
    " ValueError FileNotFoundError lstrip rstrip strip split reader DictReader safe_load glob rglob"
    " FileSystemLoader Environment basicConfig find_dotenv dotenv_values exit quit SystemExit".split()
)


def needs(name: str, node: ast.Call) -> Need | None:
    """Return what a call by its full name needs to be there; None where it needs nothing that is known."""
    if name == "logging.basicConfig":
        path = _argument(node, "filename", None)
        return Need(path, "parent", _FULL) if path is not None else None
    if name == "dotenv.find_dotenv":
        raises = _argument(node, "raise_error_if_not_found", 1)
        wanted = _argument(node, "filename", 0) or ast.Constant(".env")
        sure = isinstance(raises, ast.Constant) and raises.value is True
        return Need(wanted, "file", "OSError: File not found", "error") if sure else None
    first, dot, _ = name.partition(".")
    last = name.rpartition(".")[2]
    reader = None if name.startswith(".") else _READERS.get((first if dot else "", last))
    if reader is None and last in _METHODS and isinstance(node.func, ast.Attribute):
        need = Need(node.func.value, _METHODS[last].what, _METHODS[last].words)
        opened = _opened(node.func.value, _METHODS[last], node, 0) if last == "open" else need
        return opened._replace(method=True) if opened else None
    path = _argument(node, reader.keyword, 0) if reader else None
    if reader is None or path is None or _put_off(name, node):
        return None
    if last == "open" and first != "PIL":
        return _opened(path, reader, node, 1)
    if last == "ZipFile" and _mode(node, 1) != "r":
        return None
    return Need(path, reader.what, reader.words, reader.failure)


def _put_off(name: str, node: ast.Call) -> bool:
    """Say whether a call is told not to look yet, or to look elsewhere: in a package, behind a URI."""
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if "uri" in given or "packages" in given or None in given or any(isinstance(each, ast.Starred) for each in node.args):
        return True
    check, delay = given.get("check_dir"), given.get("delay")
    return delay is not None or (check is not None and not (isinstance(check, ast.Constant) and check.value is True))


def _opened(path: ast.expr, reader: _Reader, node: ast.Call, mode_at: int) -> Need | None:
    """Return what `open` needs: the file to read, or a folder to write it to."""
    mode = _mode(node, mode_at)
    if mode is None:
        return None
    writes = any(letter in mode for letter in "wax")
    return Need(path, "parent" if writes else "file", reader.words)


def _mode(node: ast.Call, at: int) -> str | None:
    mode = _argument(node, "mode", at)
    if mode is None:
        return "r"
    return mode.value if isinstance(mode, ast.Constant) and isinstance(mode.value, str) else None


def _argument(node: ast.Call, keyword: str, at: int | None) -> ast.expr | None:
    named = next((each.value for each in node.keywords if each.arg == keyword), None)
    return node.args[at] if at is not None and len(node.args) > at else named


def made(name: str, node: ast.Call) -> ast.expr | None:
    """Return the expression of the path that a call makes."""
    last = name.rpartition(".")[2]
    if last in ("open", "write_text", "write_bytes", "touch"):
        need = needs(name, node)
        return need.path if need and need.what == "parent" else None
    if last not in _MAKERS:
        return None
    of_itself = last == "mkdir" and not name.startswith("os.")
    if of_itself and isinstance(node.func, ast.Attribute):
        return node.func.value
    at = _MAKERS[last]
    return node.args[at] if len(node.args) > at else None


_MAKES_PATH = frozenset(
    "join Path str fspath abspath realpath dirname resolve absolute joinpath as_posix format with_name with_suffix".split()
)
_NO_PATH = re.compile(r"[\0\n{]")  # a text that is read itself, as JSON


class Files:
    """The paths of one program: what the image has there, and what its own code makes before it needs it."""

    def __init__(self, tree: Tree, image: Image, folder: str, loaded: dict[str, Loaded | None]) -> None:
        self.tree = tree
        self.image = image
        self.folder = folder
        self.loaded = loaded
        self.called: set[str] = set()  # the functions of the repository that were followed, by name alone
        self.made: set[str] = set()
        self.wandered = False  # the code may have changed the working directory
        self.doubt: str | None = None  # why files may be there that the build did not make
        self.explained: Callable[[MissingData], bool] = lambda detail: False  # by what comes before or around the deploy
        self._makers: dict[tuple[str, int, int], bool] = {}  # by path, and how far the program has come

    def call(self, name: str, node: ast.Call, scope: Scope) -> Missing | None:
        """Take note of what a call makes, and return what it needs and does not find."""
        need = needs(name, node)
        missing = self._missing(need, scope) if need else None
        target = made(name, node)
        written = evaluate(target, scope) if target is not None else None
        if isinstance(written, str) and (path := self.full(written)):
            self.made.add(path)
        return missing

    def lies(self, written: str) -> str | None:
        """Return what lies at a path: "file", "folder", `""` for nothing; None where that can't be told."""
        path = self.full(written)
        if path and (found := self._found(path)):
            return found
        absent = self.absent(written)
        return "" if absent and absent[0] else None

    def absent(self, written: str) -> tuple[bool, str] | None:
        """Return whether it is certain that nothing lies at a path, and why; None where something may."""
        path = self.full(written)
        if path is None or self._found(path) or self.explained(MissingData(path, False)):
            return None
        return self._judged(path, False, f"The image has no file {path}.")

    def full(self, written: str) -> str | None:
        """Return a path as the process sees it; None where that can't be told."""
        if "://" in written or _NO_PATH.search(written) or (self.wandered and not written.startswith("/")):
            return None
        return posixpath.normpath(posixpath.join(self.folder, written)) if written else None

    def _found(self, path: str) -> str | None:
        found = self.image.files.find(path)
        if found:
            return found.kind
        return "folder" if any(below(each, path) for each in self.made) else "file" if path in self.made else None

    def _missing(self, need: Need, scope: Scope) -> Missing | None:
        value = evaluate(need.path, scope)
        if not isinstance(value, str) or (need.method and not isinstance(value, PathValue)):
            return None
        if value in ("", ":memory:") or value.startswith("file:"):
            return None
        written = str(value)
        full = self.full(written)
        if full is None:
            return None
        path = posixpath.dirname(full) if need.what == "parent" else full
        if self._found(path):
            return None
        what = "file" if need.what == "file" else "folder"
        judged = self._judged(path, what == "folder", f"The image has no {what} {path}.")
        detail = MissingData(path, what == "folder")
        if judged is None or self.explained(detail):
            return None
        words = need.words or _KERAS.get(posixpath.splitext(written)[1])
        if words is None:
            return None
        return Missing(words.format(path=written, full=full), judged[1], detail, judged[0], need.failure)

    def _judged(self, path: str, folder: bool, reason: str) -> tuple[bool, str] | None:
        """Return whether it is certain that nothing lies at a path, and why; None where something may have made it."""
        files = self.image.files
        if self.doubt or files.assumed(path) or files.tainted(path) or not self._is_known(path) or self._in_run(path):
            return None
        if any(below(path, each) is not None for each in self.made) or files.leaves(path) or self._may_be_made(path, folder):
            return None
        return files.judged(path, reason)

    def _is_known(self, path: str) -> bool:
        """Say whether a path lies in a folder that the build filled; a volume or the base image may have others."""
        folder = posixpath.dirname(path)
        while folder not in STANDARD:
            layers = [layer for layer in self.image.files.layers if below(folder, layer.path) is not None]
            if layers and self.image.files.find(folder):
                return not all(isinstance(layer, Linked) and layer.system is None for layer in layers)
            folder = posixpath.dirname(folder)
        return False

    def _in_run(self, path: str) -> bool:
        """Say whether a RUN line names a file, or runs Python code that is written in it."""
        name = posixpath.basename(path)
        runs = [item.value for item in self.image.file.instructions if item.name == "RUN"]
        return any(name in text or ("python" in text and " -c" in text) for text in runs)

    # --- what the program's own code may make

    def _may_be_made(self, path: str, folder: bool) -> bool:
        """Say whether code that was imported does something with a path that may make what lies there."""
        key = path, len(self.loaded), len(self.called)
        if key not in self._makers:
            self._makers[key] = self._makes(posixpath.basename(path), folder)
        return self._makers[key]

    def _makes(self, stem: str, folder: bool) -> bool:
        sources = {each.found.tree: each.facts for each in self.loaded.values() if each and each.found.tree}
        names: set[str] = set()
        for facts in sources.values():
            names |= {name for name, value in facts.constants.items() if _mentions(value, stem, set())}
        try:
            texts = [self.tree.read(tree or "") for tree in sources]
            found = [parsed(text) for text in texts if any(name.encode() in text for name in (stem, *names))]
        except (SyntaxError, Unreadable):
            return True
        return any(self._may_make(call, stem, names, folder) for module in found for call in self._calls(module, stem, names))

    def _calls(self, module: ast.Module, stem: str, names: set[str]) -> Iterator[ast.Call]:
        """Yield the calls of a module that may have run, and add to `names` what else stands for the path."""
        nodes = [
            node
            for statement in module.body
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) or statement.name in self.called
            for node in ast.walk(statement)
        ]
        for node in nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _mentions(node.value, stem, names):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names |= {last for target in targets if (last := dotted(target).rpartition(".")[2])}
            elif isinstance(node, ast.arguments):
                pairs = zip(reversed([*node.posonlyargs, *node.args]), reversed(node.defaults), strict=False)
                names |= {argument.arg for argument, default in pairs if _mentions(default, stem, names)}
        return (node for node in nodes if isinstance(node, ast.Call))

    def _may_make(self, call: ast.Call, stem: str, names: set[str], folder: bool) -> bool:
        """Say whether a call may make what names and stem stand for: unless it is known to read, or to write into it."""
        name, last = dotted(call.func), _last(call.func)
        if _SPAWNING.fullmatch(name):
            return True
        base = call.func.value if isinstance(call.func, ast.Attribute) else None
        of_itself = base is not None and _mentions(base, stem, names, within=False)
        given = (*call.args, *(word.value for word in call.keywords))
        if not of_itself and not any(_mentions(each, stem, names, within=False) for each in given):
            return False
        if last == "open" and not folder:
            mode = _mode(call, 0 if of_itself else 1)
            return mode is None or any(letter in mode for letter in "wax")
        method = _METHODS.get(last)
        if folder and method is not None:
            return False
        reads = (method is not None and method.what != "parent") or any(last == known for _, known in _READERS)
        return not (reads or last in _HARMLESS or last in self.called)


def _last(node: ast.expr) -> str:
    """Return the last part of a name, whatever it is taken from."""
    return node.attr if isinstance(node, ast.Attribute) else dotted(node)


def _mentions(node: ast.AST, stem: str, names: set[str], within: bool = True) -> bool:
    """Say whether an expression holds one of the names, or a text with the stem; not `within` calls but those of paths."""
    queue = [node]
    while queue:
        inner = queue.pop()
        match inner:
            case ast.Call(func=func) if not within and _last(func) not in _MAKES_PATH:
                continue
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in names:
                return True
            case ast.Constant(value=str(text)) if stem in text:
                return True
        queue.extend(ast.iter_child_nodes(inner))
    return False
