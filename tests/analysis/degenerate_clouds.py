"""
Pairs of structures with equal graphs of distances, written out: what each name means is below.

Pozdnyakov, Ceriotti, Mach. Learn.: Sci. Technol. 3, 045020 (2022), doi:10.1088/2632-2153/aca1f8,
announce such pairs; points come in pairs ±p, and only the sign of a product of three axes differs.
Lengths in Å.
"""

from __future__ import annotations

import ase
import numpy as np
from numpy.typing import NDArray

Pair = tuple[ase.Atoms, ase.Atoms]
GOLDEN = (1 + np.sqrt(5)) / 2


def from_gram(gram: NDArray) -> NDArray:
    """Rows with these scalar products, in three dimensions."""
    values, vectors = np.linalg.eigh(gram)
    assert values.min() > -1e-12
    assert (values > 1e-12).sum() <= 3
    return vectors[:, -3:] * np.sqrt(np.maximum(values[-3:], 0))


def inversion_pairs(axes: NDArray, symbols: str) -> ase.Atoms:
    """Atoms at ±p for each row p of ``axes``, and the type of each row."""
    doubled = [symbol for symbol in symbols for _ in range(2)]
    return ase.Atoms(doubled, np.stack([axes, -axes], axis=1).reshape(-1, 3))


def three_axes(seed: int) -> Pair:
    """Three inversion pairs with given lengths and angles, g12 g13 g23 of either sign."""
    generator = np.random.default_rng(seed)
    lengths = generator.uniform(0.8, 1.8, 3)
    while True:
        c12, c13, c23 = generator.uniform(0.1, 0.6, 3)
        if 1 - c12**2 - c13**2 - c23**2 - 2 * c12 * c13 * c23 > 0.02:
            break
    members = []
    for sign in (-1, 1):
        cosines = np.array([[1, c12, c13], [c12, 1, sign * c23], [c13, sign * c23, 1]])
        members.append(inversion_pairs(from_gram(cosines * np.outer(lengths, lengths)), "BCN"))
    return members[0], members[1]


def planes(
    parameters: NDArray, *, periods: tuple[float, ...] = (0, 0, 0), symbols: str = "CCC"
) -> Pair:
    """±(x1, y1, 0), ±(x2, 0, z2), ±(0, y3, s z3), repeated along the axes with a period."""
    x1, y1, x2, z2, y3, z3 = parameters
    members = []
    for sign in (-1, 1):
        atoms = inversion_pairs(np.array([[x1, y1, 0], [x2, 0, z2], [0, y3, sign * z3]]), symbols)
        atoms.set_cell(np.diag(periods))
        atoms.pbc = np.array(periods) > 0
        members.append(atoms)
    return members[0], members[1]


CARBON = {
    "bulk": ((0.8166, 0.5208, 2.1878, 0.9704, 0.5331, 1.2728), (3.9875, 2.8855, 3.5785)),
    "slab": ((1.0742, 1.4225, 0.5312, 0.5318, 1.5216, 0.8039), (3.8968, 3.9110, 0)),
    "chain": ((1.4631, 1.2053, 0.3940, 0.7666, 1.3937, 0.7582), (2.7681, 0, 0)),
}


def carbon(name: str) -> Pair:
    """Six carbons in an orthorhombic cell, with bond lengths of about 1.4 Å."""
    parameters, periods = CARBON[name]
    return planes(np.array(parameters), periods=periods)


def random_planes(seed: int, n_periods: int) -> Pair:
    """Random planes with periods along the first axes; atoms not closer than 0.7 Å."""
    generator = np.random.default_rng([seed, n_periods])
    while True:
        periods = tuple(generator.uniform(2.5, 4.0, 3) * (np.arange(3) < n_periods))
        pair = planes(generator.uniform(0.4, 1.6, 6), periods=periods, symbols="BCN")
        distances = [atoms.get_all_distances(mic=True) + 9 * np.eye(6) for atoms in pair]
        if np.min(distances) > 0.7:
            return pair


def hexagon(shells: tuple[tuple[str, float], ...] = (("C", 1.39), ("H", 2.48))) -> Pair:
    """Planar hexagons, and triangles of the same radii on opposite sides: benzene and 2 C3H3."""
    turns = np.pi / 3 * np.arange(3)
    ring = np.column_stack([np.cos(turns), np.sin(turns), 0 * turns])
    flat = np.column_stack([np.cos(2 * turns), np.sin(2 * turns), 0 * turns]) / np.sqrt(3)
    triangle = flat + np.array([0, 0, np.sqrt(2 / 3)])
    members = []
    for axes in (ring, triangle):
        rows = np.concatenate([radius * axes for _, radius in shells])
        members.append(inversion_pairs(rows, "".join(3 * symbol for symbol, _ in shells)))
    return members[0], members[1]


def icosahedron(radius: float = 1.5) -> Pair:
    """Two opposite faces of an icosahedron, and a rectangle with one more axis of it."""
    p = GOLDEN
    axes = np.array([[0, 1, p], [0, 1, -p], [1, p, 0], [1, -p, 0], [p, 0, 1], [-p, 0, 1]])
    axes *= radius / np.sqrt(1 + p**2)
    members = [axes[[0, 1, 2]], axes[[0, 2, 4]]]
    products = [np.prod((member @ member.T)[[0, 0, 1], [1, 2, 2]]) for member in members]
    assert products[0] < 0 < products[1]
    return inversion_pairs(members[0], "CCC"), inversion_pairs(members[1], "CCC")


_CUBE = [(1, 1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1)]
_CUBE += [(-1, 1, -1), (-1, -1, 1), (1, -1, -1), (-1, -1, -1)]


def dodecahedron() -> NDArray:
    """Its 20 vertices ``(vertex, 3)``, at √3 Å."""
    p, q = GOLDEN, 1 / GOLDEN
    signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    return np.array(
        [(0, s * p, t * q) for s, t in signs]
        + [(s * q, 0, t * p) for s, t in signs]
        + [(s * p, t * q, 0) for s, t in signs]
        + _CUBE
    )


def cube_and_octahedron(b: float) -> NDArray:
    """Eight vertices of a cube, and ±b along each axis."""
    return np.array(_CUBE + [tuple(s * b * row) for row in np.eye(3) for s in (1, -1)])


def two_cubes(b: float) -> NDArray:
    """Eight vertices of a cube, and those of another one of half edge b, turned by 45° about z."""
    c = np.sqrt(2) * b
    signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    return np.array(
        _CUBE + [(s * c, 0, t * b) for s, t in signs] + [(0, s * c, t * b) for s, t in signs]
    )


DODECAHEDRON = {
    "do-6": ([0, 1, 2, 3, 8, 10], [0, 1, 2, 3, 4, 6]),
    "do-8": ([0, 1, 2, 3, 4, 6, 12, 19], [0, 1, 2, 3, 8, 10, 12, 19]),
    "do-10a": ([5, 7, 8, 9, 10, 11, 13, 15, 17, 18], [4, 5, 6, 7, 9, 11, 14, 15, 16, 18]),
    "do-10b": ([0, 1, 2, 3, 4, 6, 8, 10, 13, 17], [0, 1, 2, 3, 4, 6, 8, 10, 14, 16]),
    "do-12": (
        [5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18],
        [4, 5, 6, 7, 9, 11, 13, 14, 15, 16, 17, 18],
    ),
    "do-14": ([4, 5, 6, 7, 9, 11, *range(12, 20)], [5, *range(7, 20)]),
}
CUBE_AND_OCTAHEDRON = {
    "co-6": ([1, 3, 5, 6, 10, 11], [1, 3, 5, 6, 12, 13]),
    "co-8": ([0, 2, 4, 7, 8, 9, 12, 13], [0, 2, 4, 7, 8, 9, 10, 11]),
}
TWO_CUBES = {"cc-8": ([1, 3, 5, 6, 12, 13, 14, 15], [2, 3, 4, 6, 12, 13, 14, 15])}


def vertices(name: str, b: float = 1.3) -> Pair:
    """Two subsets of the vertices of polyhedra; b is the size of the second one."""
    if name in DODECAHEDRON:
        points, subsets = dodecahedron(), DODECAHEDRON[name]
    elif name in CUBE_AND_OCTAHEDRON:
        points, subsets = cube_and_octahedron(b), CUBE_AND_OCTAHEDRON[name]
    else:
        points, subsets = two_cubes(b), TWO_CUBES[name]
    first, second = (ase.Atoms(len(subset) * "C", points[subset]) for subset in subsets)
    return first, second


def augmented(name: str) -> Pair:
    """The subset at half the radius, what is left at the whole, all vertices at 3/2 of it."""
    points = dodecahedron()
    members = []
    for chosen in DODECAHEDRON[name]:
        rest = np.setdiff1d(np.arange(20), chosen)
        shells = np.concatenate([0.5 * points[chosen], points[rest], 1.5 * points])
        members.append(ase.Atoms(40 * "C", 2 * shells))
    return members[0], members[1]


def c20h20(edge: float = 1.55) -> Pair:
    """A prism of two decagons, and a dodecahedron, each carbon with a hydrogen further out."""
    turns = np.pi / 5 * np.arange(10)
    radius = edge / (2 * np.sin(np.pi / 10))
    ring = radius * np.column_stack([np.cos(turns), np.sin(turns), 0 * turns])
    above = np.array([0, 0, edge / 2])
    prism = np.concatenate([ring + above, ring - above])
    members = []
    for carbons in (prism, dodecahedron() * edge * GOLDEN / 2):
        distances = np.linalg.norm(carbons[:, None] - carbons, axis=-1)
        bonded = np.abs(distances - edge) < 1e-9
        assert (bonded.sum(axis=1) == 3).all()
        outward = (bonded[:, :, None] * (carbons[:, None] - carbons)).sum(axis=1)
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        members.append(ase.Atoms("C20H20", np.concatenate([carbons, carbons + 1.09 * outward])))
    return members[0], members[1]


def congruent(atoms: ase.Atoms, seed: int, *, mirror: bool = False) -> ase.Atoms:
    """The same structure turned, moved, in another order of atoms, perhaps its mirror image."""
    generator = np.random.default_rng(seed)
    matrix, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    matrix *= np.linalg.det(matrix) * (-1 if mirror else 1)
    copy = atoms[generator.permutation(len(atoms))]
    copy.positions = copy.positions @ matrix + generator.uniform(-3, 3, 3)
    copy.set_cell(copy.cell.array @ matrix)
    return copy
