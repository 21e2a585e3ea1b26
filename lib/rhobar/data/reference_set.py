"""A data set made by this project: labelled chunks in order, joined, with their provenance."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rhobar.data.atomic import written_beside
from rhobar.data.chunks import Chunk, ChunkStore, compute_chunks
from rhobar.data.npz import read_npz
from rhobar.data.progress import ProgressBar
from rhobar.data.units import MICRO

logger = logging.getLogger(__name__)

COMMAND = "make reference-data"
LICENCE = "BSD-3-Clause, as the rest of this repository"
PROVENANCE = "provenance.json"


class ChunkMaker(Protocol):
    """What makes the chunks of one set."""

    @property
    def settings(self) -> dict[str, Any]:
        """All that a chunk depends on beside its number; holds ``set`` (its name) and ``tries``."""

    @property
    def description(self) -> dict[str, Any]:
        """What a reader of the provenance should know: sampling, level of theory, packages."""

    @property
    def n_chunks(self) -> int | None:
        """Number of chunks after which there are no more; None: there are always more."""

    def __call__(self, chunk: int) -> Chunk:
        """
        Chunk number ``chunk``.

        Its first axes are the structure, or the atom (of all structures, one after the other);
        ``energy`` has one entry per structure; ``dropped/REASON`` counts tries that were left out.
        """


@dataclass(frozen=True)
class ReferenceSet:
    """
    Chunks 0 … ``chunks`` - 1, joined.

    :param arrays: as in a chunk, with vectors of atoms as int32 multiples of :data:`MICRO`
    :param chunks: how many chunks they come from
    :param versions: one entry per set of package versions that made a part of it
    """

    arrays: dict[str, NDArray[Any]]
    chunks: int
    versions: tuple[dict[str, str], ...]

    def __len__(self) -> int:
        return len(self.arrays.get("energy", ()))

    @property
    def dropped(self) -> dict[str, int]:
        """Reason → number of tries left out for it."""
        return {
            key.removeprefix("dropped/"): int(value)
            for key, value in self.arrays.items()
            if key.startswith("dropped/")
        }


EMPTY = ReferenceSet({}, 0, ())


def grow_reference_set(
    maker: ChunkMaker,
    start: ReferenceSet,
    *,
    chunks: str | Path,
    n_structures: int,
    processes: int,
) -> ReferenceSet:
    """
    Add chunks to ``start`` until there are at least ``n_structures`` structures, or no more chunks.

    The result does not depend on ``processes``, nor on how often the computation was interrupted:
    chunks that are finished are read from the folder ``chunks``, the others computed and left
    there. Whole chunks are taken, so that the set can be grown further.

    :param start: what there is already; its chunks are not needed in ``chunks``
    """
    store = ChunkStore(chunks, maker.settings)
    accepted: dict[int, int] = {}
    last = maker.n_chunks

    def needed(index: int) -> bool:
        enough = len(start) + sum(accepted.values()) >= n_structures
        return not enough and (last is None or index < last)

    with ProgressBar(str(maker.settings["set"]), n_structures, completed=len(start)) as bar:

        def done(index: int, chunk: Chunk) -> None:
            accepted[index] = len(chunk["energy"])
            total = len(start) + sum(accepted.values())
            logger.info("chunk %d: %d accepted, %d in all", index, accepted[index], total)
            bar.show(total)

        compute_chunks(
            maker, store, first=start.chunks, needed=needed, processes=processes, done=done
        )
    return joined(maker, start, store, n_structures=n_structures)


def joined(
    maker: ChunkMaker, start: ReferenceSet, store: ChunkStore, *, n_structures: int
) -> ReferenceSet:
    """
    ``start`` and the chunks of ``store`` that follow it, up to ``n_structures`` or the first gap.
    """
    added: list[Chunk] = []
    count = len(start)
    for chunk in store.leading(start.chunks):
        if count >= n_structures:
            break
        added.append(_compact(chunk))
        count += len(chunk["energy"])
    if not added:
        return start
    parts = [start.arrays, *added] if start.arrays else added
    arrays = {
        key: np.sum([part[key] for part in parts], axis=0)
        if key.startswith("dropped/")
        else np.concatenate([part[key] for part in parts])
        for key in added[0]
    }
    now = _versions(maker.description["packages"])
    versions = start.versions if now in start.versions else (*start.versions, now)
    return ReferenceSet(arrays, start.chunks + len(added), versions)


def save_reference_set(
    data: ReferenceSet, maker: ChunkMaker, *, npz: str | Path, provenance: str | Path
) -> None:
    """Write ``data`` to ``npz`` (the same data give the same bytes), its history to a JSON file."""
    if not len(data):
        raise ValueError(f"{npz}: there is no structure to write; compute at least one chunk.")
    with written_beside(npz) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **data.arrays)
    tries = len(data) + sum(data.dropped.values())
    entry = {
        **maker.description,
        "sha256": hashlib.sha256(Path(npz).read_bytes()).hexdigest(),
        "structures": len(data),
        "chunks": data.chunks,
        "tries": tries,
        "acceptance_rate": round(len(data) / tries, 4),
        "dropped": data.dropped,
        "settings": maker.settings,
        "versions": list(data.versions),
    }
    with written_beside(provenance) as temporary:
        temporary.write_text(
            json.dumps(entry, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def load_reference_set(folder: str | Path, settings: Mapping[str, Any]) -> ReferenceSet:
    """
    The embedded set of these ``settings``; empty where ``folder`` has none.

    :raises ValueError: if the file is not the one that the provenance describes
    """
    name = str(settings["set"])
    note = Path(folder) / PROVENANCE
    if not note.exists():
        return EMPTY
    entry = json.loads(note.read_text(encoding="utf-8"))["sets"].get(name)
    if entry is None or entry["settings"] != dict(settings):
        return EMPTY
    arrays = verified_arrays(folder, name)
    return ReferenceSet(arrays, entry["chunks"], tuple(entry["versions"]))


def publish_reference_sets(sets: Mapping[str, tuple[Path, Path]], folder: str | Path) -> None:
    """
    Put finished sets where :func:`rhobar.data.load_embedded` reads them.

    :param sets: name → the npz and the provenance that :func:`save_reference_set` wrote
    :param folder: gets ``NAME.npz`` and an entry ``NAME`` in ``provenance.json``; the entries of
        other sets stay
    """
    folder = Path(folder)
    note = folder / PROVENANCE
    everything = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {"sets": {}}
    for name, (npz, provenance) in sets.items():
        with written_beside(folder / f"{name}.npz") as temporary:
            temporary.write_bytes(npz.read_bytes())
        entry = json.loads(provenance.read_text(encoding="utf-8"))
        everything["sets"][name] = {**entry, "command": COMMAND, "licence": LICENCE}
    with written_beside(note) as temporary:
        text = json.dumps(everything, indent=1, ensure_ascii=False, sort_keys=True)
        temporary.write_text(text + "\n", encoding="utf-8")


def verified_arrays(folder: str | Path, name: str) -> dict[str, NDArray[Any]]:
    """
    The arrays of the embedded set ``name``, once its checksum is that of the provenance.

    :raises ValueError: if ``folder`` describes no such set, or the file differs from it
    """
    path, note = Path(folder) / f"{name}.npz", Path(folder) / PROVENANCE
    entries = json.loads(note.read_text(encoding="utf-8"))["sets"]
    if name not in entries:
        raise ValueError(f"{note} describes {sorted(entries)}, not {name!r}; choose one of these.")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != entries[name]["sha256"]:
        raise ValueError(
            f"{path} has the sha256 {found}, {note} says {entries[name]['sha256']}: the file was "
            "changed or is incomplete. Restore both from the repository, or make both again by "
            "`make reference-data`."
        )
    return read_npz(path)


def _compact(chunk: Chunk) -> Chunk:
    """Vectors of atoms in eV/Å as int32 multiples of 1e-6; what is an integer stays as it is."""
    return {
        key: np.rint(values / MICRO).astype(np.int32) if key.endswith("forces") else values
        for key, values in chunk.items()
    }


def _versions(packages: list[str]) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ["numpy", *packages]}
