"""Metatensor files of data sets whose features do not fit in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import metatensor
import numpy as np
from metatensor import Labels, TensorBlock, TensorMap
from numpy.typing import NDArray

from rhobar.data import written_beside

Key = tuple[int, ...]


class GrowingTensorMap:
    """
    A TensorMap that grows by systems on the disk and is written as one ``.mts`` file at the end.

    Pieces are joined along ``system``: the systems of a piece follow those of the pieces before it,
    rows of one key stay in this order, gradients follow their rows. Memory in use is one piece; the
    disk holds the values twice while :meth:`save` runs. Use it as a context, which removes the
    temporary files::

        with GrowingTensorMap(folder) as features:
            for frames in chunks:
                features.append(descriptor.compute(frames), n_systems=len(frames))
            features.save("features.mts", order=None)

    :param folder: where the temporary files lie; the disk of the final file is a good place
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=".rhobar-features-", dir=folder)
        self._key_names: list[str] | None = None
        self._blocks: dict[Key, _Rows] = {}
        self._n_systems = 0

    def __enter__(self) -> GrowingTensorMap:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for rows in self._blocks.values():
            rows.close()
        self._folder.cleanup()

    def append(self, piece: Any, *, n_systems: int) -> None:
        """
        Add the blocks of ``piece``, whose samples count its ``n_systems`` systems from 0.

        :param piece: a TensorMap of metatensor or metatensor.torch, on the CPU
        :raises ValueError: if its keys, components or properties do not fit those before it
        """
        names = list(piece.keys.names)
        if self._key_names is None:
            self._key_names = names
        elif names != self._key_names:
            raise ValueError(
                f"GrowingTensorMap: this piece has keys {names}, those before it have "
                f"{self._key_names}; compute all pieces with one descriptor."
            )
        for key, block in zip(_array(piece.keys.values).tolist(), piece.blocks(), strict=True):
            rows = self._blocks.get(tuple(key))
            if rows is None:
                place = Path(self._folder.name) / f"block-{len(self._blocks)}"
                rows = self._blocks[tuple(key)] = _Rows(place, block)
            rows.append(block, first_system=self._n_systems)
        self._n_systems += n_systems

    def save(self, path: str | Path, *, order: Callable[[Key], Any] | None = None) -> None:
        """
        Write everything to ``path`` (ending in .mts), complete or not at all.

        :param order: sorting key of the keys; None: the order in which they first appeared
        :raises ValueError: if nothing was appended
        """
        if self._key_names is None:
            raise ValueError("GrowingTensorMap: nothing was appended, so there is nothing to save.")
        keys = list(self._blocks) if order is None else sorted(self._blocks, key=order)
        tensor = TensorMap(
            Labels(self._key_names, np.array(keys, dtype=np.int32).reshape(len(keys), -1)),
            [self._blocks[key].block() for key in keys],
        )
        with written_beside(path) as temporary:
            metatensor.save(str(temporary), tensor)


class _Rows:
    """The rows of one block or of one of its gradients, in a file that only grows."""

    def __init__(self, place: Path, block: Any) -> None:
        values = _array(block.values)
        self.place = place
        self.components = [_labels(component) for component in block.components]
        self.properties = _labels(block.properties)
        self.sample_names = list(block.samples.names)
        self.shape, self.dtype = values.shape[1:], values.dtype  # of one row
        self.stream: IO[bytes] = place.open("wb")
        self.samples: list[NDArray[np.int32]] = []
        self.gradients: dict[str, _Rows] = {
            parameter: _Rows(place.with_name(f"{place.name}-{parameter}"), gradient)
            for parameter, gradient in block.gradients()
        }

    def append(self, block: Any, *, first_system: int, first_sample: int = 0) -> None:
        """Add the rows of a block; its systems and samples are counted on from those here."""
        self._check(block)
        samples = _array(block.samples.values).astype(np.int32)  # a copy
        for column, name in enumerate(self.sample_names):
            samples[:, column] += {"system": first_system, "sample": first_sample}.get(name, 0)
        for parameter, gradient in block.gradients():
            self.gradients[parameter].append(
                gradient, first_system=first_system, first_sample=sum(map(len, self.samples))
            )
        np.ascontiguousarray(_array(block.values)).tofile(self.stream)
        self.samples.append(samples)

    def block(self) -> TensorBlock:
        """All rows as one block whose values stay on the disk."""
        self.stream.flush()
        samples = np.concatenate(self.samples)
        shape = (len(samples), *self.shape)
        values: NDArray[Any] = np.zeros(shape, self.dtype)
        if values.size:
            values = np.memmap(self.place, dtype=self.dtype, mode="r+", shape=shape)
        block = TensorBlock(
            values=values,
            samples=Labels(self.sample_names, samples),
            components=self.components,
            properties=self.properties,
        )
        for parameter, rows in self.gradients.items():
            block.add_gradient(parameter, rows.block())
        return block

    def close(self) -> None:
        """Close the files of the block and its gradients."""
        self.stream.close()
        for rows in self.gradients.values():
            rows.close()

    def _check(self, block: Any) -> None:
        """Refuse rows that do not fit below those already here."""
        components = [_labels(component) for component in block.components]
        parameters = [parameter for parameter, _ in block.gradients()]
        if (
            components != self.components
            or _labels(block.properties) != self.properties
            or parameters != list(self.gradients)
        ):
            raise ValueError(
                "GrowingTensorMap: components, properties or gradients of a block changed between "
                "pieces; give the descriptor the atomic types of all pieces (atomic_types)."
            )


def _array(values: Any) -> NDArray[Any]:
    """A numpy view of values on the CPU, torch or numpy."""
    return np.asarray(values.detach()) if hasattr(values, "detach") else np.asarray(values)


def _labels(labels: Any) -> Labels:
    """Labels of metatensor-core from those of either kind."""
    return Labels(list(labels.names), _array(labels.values).astype(np.int32))
