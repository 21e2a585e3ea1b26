"""Balls and sticks, painted from the back to the front."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial

import ase
import numpy as np
from ase.data import covalent_radii
from ase.data.colors import jmol_colors
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

Array = NDArray[np.float64]

_BALL = 0.42  # of the covalent radius
_STICK = 0.09  # Å, half of the width
_BONDED = 1.25  # sum of covalent radii
_LIGHT = np.array([-0.35, 0.45, 0.82])  # from the left, above and in front
_SPRITE = 96  # pixels across a ball


def draw_structure(
    axis: Axes,
    atoms: ase.Atoms,
    *,
    azimuth: float = 30.0,
    elevation: float = 20.0,
    colors: Sequence[str] | None = None,
    box: float | None = None,
) -> None:
    """
    Paint ``atoms`` into ``axis``, which loses its frame.

    :param azimuth: of the eye about z from x, degrees
    :param elevation: of the eye above the xy plane, degrees
    :param colors: of the atoms; None: those of their elements
    :param box: half of the side of what is shown, Å; None: all atoms, closely
    """
    flat, depth = _projected(atoms.positions, azimuth, elevation)
    flat = flat - 0.5 * (flat.max(axis=0) + flat.min(axis=0))
    radii = _BALL * covalent_radii[atoms.numbers]
    paints = [to_rgb(color) for color in colors or jmol_colors[atoms.numbers]]
    parts: list[tuple[float, Callable[[int], None]]] = [
        (depth[k], partial(_paint_ball, axis, flat[k], radii[k], paints[k]))
        for k in range(len(atoms))
    ]
    for ends in (ends for bond in _bonds(atoms) for ends in (bond, bond[::-1])):
        # half a stick, from the surface of its ball to the middle
        start, end = (np.append(flat[k], depth[k]) for k in ends)
        share = min(0.95 * radii[ends[0]] / float(np.linalg.norm(end - start)), 0.5)
        begin, middle = start + share * (end - start), 0.5 * (start + end)
        painter = partial(_paint_stick, axis, begin[:2], middle[:2], paints[ends[0]])
        parts.append((0.5 * (begin[2] + middle[2]), painter))
    for place, (_, paint) in enumerate(sorted(parts, key=lambda part: part[0])):
        paint(place)
    reach = box or extent(atoms)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(-reach, reach)
    axis.set_aspect("equal")
    axis.axis("off")


def extent(atoms: ase.Atoms) -> float:
    """Half of the side of a square that holds all atoms from wherever one looks, Å."""
    middle = 0.5 * (atoms.positions.max(axis=0) + atoms.positions.min(axis=0))
    reach = np.linalg.norm(atoms.positions - middle, axis=1)
    return float((reach + _BALL * covalent_radii[atoms.numbers]).max())


def _projected(positions: Array, azimuth: float, elevation: float) -> tuple[Array, Array]:
    """Right and up ``(atom, 2)``, and how near the eye ``(atom,)``."""
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    eye = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    right = np.array([-np.sin(a), np.cos(a), 0.0])
    return positions @ np.stack([right, np.cross(eye, right)], axis=1), positions @ eye


def _bonds(atoms: ase.Atoms) -> list[tuple[int, int]]:
    """Atoms as close as bonded ones, or as close as leaves none alone; never two hydrogens."""
    distances = atoms.get_all_distances() + np.diag(np.full(len(atoms), np.inf))
    radii = covalent_radii[atoms.numbers]
    hydrogen = atoms.numbers == 1
    bonded = distances < _BONDED * (radii[:, None] + radii)
    bonded &= ~(hydrogen[:, None] & hydrogen)
    if not bonded.any(axis=1).all():
        bonded = distances < 1.05 * distances.min(axis=1).max()
    first, second = np.nonzero(np.triu(bonded))
    return list(zip(first.tolist(), second.tolist(), strict=True))


def _paint_ball(
    axis: Axes, place: Array, radius: float, color: tuple[float, float, float], zorder: int
) -> None:
    diffuse, shine, inside = _shading()
    image = np.ones((_SPRITE, _SPRITE, 4))
    image[..., :3] = np.clip(np.array(color) * diffuse[..., None] + shine[..., None], 0.0, 1.0)
    image[..., 3] = inside
    x, y = place
    axis.imshow(
        image,
        extent=(x - radius, x + radius, y - radius, y + radius),
        origin="lower",
        interpolation="bilinear",
        zorder=zorder,
    )


@cache
def _shading() -> tuple[Array, Array, Array]:
    """What light leaves on a ball: share of its color, white on top of it, and its outline."""
    x, y = np.meshgrid(*[np.linspace(-1.0, 1.0, _SPRITE)] * 2)
    squares = x**2 + y**2
    z = np.sqrt(np.maximum(1.0 - squares, 0.0))
    light = _LIGHT / np.linalg.norm(_LIGHT)
    lit = np.maximum(x * light[0] + y * light[1] + z * light[2], 0.0)
    edge = np.clip((1.0 - np.sqrt(squares)) * _SPRITE / 3.0, 0.0, 1.0)
    return 0.42 + 0.58 * lit, 0.55 * lit**18, edge


def _paint_stick(
    axis: Axes, begin: Array, end: Array, color: tuple[float, float, float], zorder: int
) -> None:
    """Dark at the sides."""
    length = float(np.linalg.norm(end - begin))
    if length < 1e-6:
        return
    across = np.array([begin[1] - end[1], end[0] - begin[0]]) / length
    for width, shade in ((1.0, 0.55), (0.7, 0.8), (0.35, 0.97)):
        half = _STICK * width * across
        corners = np.array([begin + half, begin - half, end - half, end + half])
        axis.fill(*corners.T, color=shade * np.array(color), linewidth=0, zorder=zorder)
