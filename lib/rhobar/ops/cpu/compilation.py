"""
Compilation of the loops in this folder, and where the machine code is kept between runs.

Numba keys its cache by the source file of one function. The loops here are built from functions
of several files, so they are kept under a digest of the whole folder: an edit anywhere compiles
again.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import logging
import os
import pickle
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
from numba.core import caching, config
from numba.extending import intrinsic

LOGGER = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

# Fused multiply-add and free order of sums; NaN and infinity keep their meaning.
_MATH = {"contract", "reassoc"}
# What reading a damaged cache raises.
_BROKEN = (EOFError, pickle.UnpicklingError, ValueError, KeyError, IndexError, AttributeError)


def compiled(function: Function) -> Function:
    """
    Compile ``function`` at its first call, for the types of that call; it releases the GIL.

    Indices are not checked: public functions of this folder validate what they hand to loops.
    """
    return _compiled(function)


def compiled_part(function: Function) -> Function:
    """
    As :func:`compiled`, to be called by compiled functions only.

    It becomes part of its callers: sizes known there are constants here. Without that, fused
    values take 1.4 times as long.
    """
    return _compiled(function, no_cpython_wrapper=True, forceinline=True)


def _compiled(function: Function, **options: bool) -> Function:
    """With the options that are common to all, and the cache of this folder."""
    chosen: dict[str, Any] = {
        "nogil": True,
        "fastmath": _MATH,
        "boundscheck": False,
        "error_model": "numpy",
        "no_cfunc_wrapper": True,
        **options,
    }
    dispatcher: Any = numba.njit(**chosen)(function)
    if cache_folder() is not None:
        # numba has no public way to choose the place of a cache
        dispatcher._cache = _FolderCache(function)  # noqa: SLF001
    compiled_function: Function = dispatcher
    return compiled_function


def emitted(generator: Callable[..., Any]) -> Any:
    """
    A function for use in :func:`compiled` ones whose LLVM code ``generator`` writes.

    See :func:`numba.extending.intrinsic`: the generator gets the types of the arguments and
    returns a signature, and the function that writes the code.
    """
    return intrinsic(generator)


@functools.cache
def cache_folder() -> Path | None:
    """
    The folder of compiled code: the first that can be written, None if there is none.

    In this order: ``NUMBA_CACHE_DIR``; beside the sources; the user's cache (``XDG_CACHE_HOME``
    or ``~/.cache``); a folder of this user alone among the temporary files. Where versions of
    rhobar may meet, each has its own. Without any folder each process compiles for itself.
    """
    beside = Path(__file__).parent / "__pycache__"
    for place in _candidates(beside):
        folder = place if place == beside else place / sources_digest()[:16]
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.mkdir(exist_ok=True, mode=0o700)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        if _is_ours(place) and _is_ours(folder):
            return folder
    LOGGER.info("no folder for compiled code can be written: compiling in every process")
    return None


def _candidates(beside: Path) -> Iterator[Path]:
    """Folders to try, best first; ``beside`` the sources is one of them."""
    if named := getattr(config, "CACHE_DIR", ""):  # set by NUMBA_CACHE_DIR
        yield Path(named) / "rhobar"
    yield beside
    user = os.environ.get("XDG_CACHE_HOME", "")
    if user:
        yield Path(user) / "rhobar"
    try:
        yield Path.home() / ".cache" / "rhobar"
    except RuntimeError:  # a user without a home
        LOGGER.debug("no home folder for compiled code")
    yield Path(tempfile.gettempdir()) / f"rhobar-{os.getuid()}"


def _is_ours(folder: Path) -> bool:
    """Whether nobody else may place code there: caches are executed."""
    status = folder.stat()
    return status.st_uid in {os.getuid(), 0} and not status.st_mode & stat.S_IWOTH


@functools.cache
def sources_digest() -> str:
    """Sha256 of every source of this folder and of the compiler's version."""
    digest = hashlib.sha256(llvmlite.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


class _Locator(caching._CacheLocator):  # noqa: SLF001 - numba's base of all locators
    """Puts the code of one function into :func:`cache_folder`."""

    def __init__(self, function: Callable[..., Any], source: str):
        self._name = f"{Path(source).stem}-{function.__code__.co_firstlineno}"

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return sources_digest()

    def get_disambiguator(self) -> str:
        return self._name

    @classmethod
    def from_function(cls, function: Callable[..., Any], source: str) -> _Locator:
        return cls(function, source)


class _Implementation(caching.CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012 - as numba declares it


class _FolderCache(caching.FunctionCache):
    """Numba's cache, safe with many processes at once; what cannot be read is compiled again."""

    _impl_class = _Implementation

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except (OSError, *_BROKEN) as error:
            LOGGER.info("compiled code of %s cannot be read (%s): compiling", self._name, error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            # two processes that both number a new entry would overwrite each other's code
            with (Path(self.cache_path) / "rhobar.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                try:
                    super().save_overload(sig, data)
                except _BROKEN:
                    self.flush()
                    super().save_overload(sig, data)
        except OSError as error:
            LOGGER.info("compiled code of %s cannot be kept: %s", self._name, error)
