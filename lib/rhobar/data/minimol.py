"""Minimol: small organic molecules made by this project, a QM9-like set."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhobar.data.minimol_graphs import molecular_graphs
from rhobar.data.minimol_labels import (
    ACCURACY,
    ANOTHER_MOLECULE,
    KICK_STEPS,
    KICK_TEMPERATURE,
    KICK_TIME_STEP,
    LARGEST_FORCE,
    METHOD,
    NO_CONFORMER,
    NOT_CONVERGED,
    NOT_RELAXED,
    DroppedError,
    LabelledMolecule,
    label_molecule,
)
from rhobar.data.units import MICRO

REASONS = (NO_CONFORMER, NOT_RELAXED, NOT_CONVERGED, ANOTHER_MOLECULE)


def minimol_candidates(n_heavy: int, *, seed: int) -> tuple[str, ...]:
    """
    SMILES of all molecules with up to ``n_heavy`` heavy atoms, in an order that ``seed`` shuffles.

    Shuffled, any leading part of the set is a fair sample of the whole.
    """
    ordered = [smiles for of_size in molecular_graphs(n_heavy) for smiles in of_size]
    rng = np.random.default_rng(seed)
    return tuple(ordered[index] for index in rng.permutation(len(ordered)))


@dataclass(frozen=True)
class MinimolChunks:
    """
    A reproducible stream of labelled molecules, in chunks of equal numbers of candidates.

    Chunk k depends on ``seed``, ``tries``, ``candidates`` and k alone, so that chunks can be made
    in any order, by any number of processes, and made again.

    :param seed: of the whole set; candidate i draws from ``SeedSequence((seed, i))``
    :param tries: candidates per chunk
    :param candidates: SMILES, as :func:`minimol_candidates` gives them
    """

    seed: int
    tries: int
    candidates: tuple[str, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """All that a chunk depends on beside its number."""
        digest = hashlib.sha256("\n".join(self.candidates).encode()).hexdigest()
        return {
            "set": "minimol",
            "seed": self.seed,
            "tries": self.tries,
            "method": METHOD,
            "candidates": len(self.candidates),
            "candidates_sha256": digest,
        }

    @property
    def n_chunks(self) -> int:
        """Chunks that hold all candidates."""
        return -(-len(self.candidates) // self.tries)

    @property
    def description(self) -> dict[str, Any]:
        """What the provenance says of the set."""
        return {
            "content": "relaxed molecules of H, C, N, O with energies and atomisation energies "
            "(eV) and dipoles (e·Å); one displaced geometry of each with energy and forces (eV/Å)",
            "sampling": "all graphs that the rules of rhobar.data.minimol_rules allow, shuffled; "
            "one ETKDG conformer each",
            "method": f"{METHOD}, tblite accuracy {ACCURACY}; relaxed until no force exceeds "
            f"{LARGEST_FORCE} eV/Å; positions rounded to 1e-6 Å before labelling",
            "displacement": f"{KICK_STEPS} velocity-Verlet steps of {KICK_TIME_STEP} fs after a "
            f"kick with velocities at {KICK_TEMPERATURE:g} K",
            "left_out": "no conformer, no relaxation, or a relaxed geometry that RDKit's "
            "DetermineBonds does not map to the SMILES it came from",
            "packages": ["ase", "rdkit", "tblite"],
        }

    def __call__(self, chunk: int) -> dict[str, NDArray[Any]]:
        """
        Relax and label the candidates of chunk number ``chunk``; it is empty after the last.

        :return: ``smiles`` ``(frame,)``, ``n_atoms`` ``(frame,)``, ``numbers`` ``(atom,)``,
            ``positions`` and ``displaced_positions`` ``(atom, 3)`` int32 in 1e-6 Å, ``energy``,
            ``atomization_energy``, ``displaced_energy`` ``(frame,)`` in eV, ``dipole``
            ``(frame, 3)`` in e·Å, ``displaced_forces`` ``(atom, 3)`` in eV/Å;
            ``dropped/REASON`` ``()``, the number of candidates left out for it
        """
        first = chunk * self.tries
        dropped: Counter[str] = Counter()
        kept: list[tuple[str, LabelledMolecule]] = []
        for index, smiles in enumerate(self.candidates[first : first + self.tries], first):
            rng = np.random.default_rng(np.random.SeedSequence((self.seed, index)))
            try:
                kept.append((smiles, label_molecule(smiles, rng)))
            except DroppedError as reason:
                dropped[str(reason)] += 1
        arrays = _arrays([smiles for smiles, _ in kept], [molecule for _, molecule in kept])
        return arrays | {f"dropped/{reason}": np.array(dropped[reason]) for reason in REASONS}


def _arrays(smiles: list[str], molecules: list[LabelledMolecule]) -> dict[str, NDArray[Any]]:
    return {
        "smiles": np.array(smiles, dtype=str),
        "n_atoms": np.array([len(m.numbers) for m in molecules], dtype=np.int64),
        "numbers": np.concatenate([np.zeros(0), *(m.numbers for m in molecules)]).astype(np.uint8),
        "positions": _micro([m.positions for m in molecules]),
        "energy": np.array([m.energy for m in molecules], dtype=np.float64),
        "atomization_energy": np.array([m.atomization_energy for m in molecules], dtype=np.float64),
        "dipole": np.array([m.dipole for m in molecules], dtype=np.float64).reshape(-1, 3),
        "displaced_positions": _micro([m.displaced_positions for m in molecules]),
        "displaced_energy": np.array([m.displaced_energy for m in molecules], dtype=np.float64),
        "displaced_forces": _joined([m.displaced_forces for m in molecules]),
    }


def _joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros((0, 3)), *parts])


def _micro(parts: list[NDArray[np.float64]]) -> NDArray[np.int32]:
    return np.rint(_joined(parts) / MICRO).astype(np.int32)
