"""Regression on Wigner kernels of more structures than memory holds kernels of all orders of."""

LARGE = WIGNER["large"]
LARGE_STORE = "results/{scale}/wigner/large/kernels"
LARGE_SPLIT = "results/{scale}/wigner/splits/large-0.json"

if LARGE:
    LARGE_CURVE = WIGNER_CURVES[LARGE["curve"]]
    LARGE_HYPERS = LARGE_CURVE["kernels"][LARGE["kernel"]]
    LARGE_PROTOCOL = {**LARGE_CURVE, **LARGE, "n_train": [LARGE["n_train"]]}
    WIGNER_PROTOCOLS["large"] = LARGE_PROTOCOL
    NUMBERS_OF_WIGNER[LARGE["curve"]].append(
        f"results/{SCALE}/wigner/large/errors.parquet"
    )


def large_dataset(wildcards):
    """The data set of the curve."""
    return DATASET.format(LARGE_CURVE["dataset"])


def large_chunks(wildcards):
    """Both files of every chunk between training structures and all others."""
    n_chunks, n_fitted = (
        -(-count // LARGE["chunk"])
        for count in (
            LARGE["n_train"] + LARGE["n_validation"] + LARGE["n_test"],
            LARGE["n_train"],
        )
    )
    return [
        f"{LARGE_STORE.format(scale=wildcards.scale)}/wk_{i:03d}_{j:03d}.{ending}"
        for i in range(n_fitted)
        for j in range(i, n_chunks)
        for ending in ("npy", "json")
    ]


def large_points():
    """How many choices of hyperparameters there are: that of the search, and the grid."""
    return 1 + len(LARGE["log_c"]) * len(LARGE["alpha"])


# Megabytes of a chunk of all orders and of its mixture; minutes that allow for twice the time.
# 130 pairs of atoms of one type in a pair of molecules of QM9, a million of them a second and
# core; 0.3 MB of densities for a molecule.
def large_chunk_memory(wildcards):
    """A chunk, the densities of both sides, all structures."""
    orders = max(LARGE_HYPERS["nu"]) + 1
    return round(4000 + 8e-6 * LARGE["chunk"] ** 2 * orders + 0.6 * LARGE["chunk"])


def large_chunk_minutes(wildcards, threads):
    """Kernels of one chunk."""
    return round(20 + 2 * 130 * LARGE["chunk"] ** 2 / (1e6 * threads) / 60)


def large_fit_memory(wildcards):
    """The matrix, tiles of it, or columns of the preconditioner and their products; a chunk."""
    n, part, orders = LARGE["n_train"], LARGE["chunk"], max(LARGE_HYPERS["nu"]) + 1
    numbers = {"cholesky": n**2, "tiles": 4 * part**2, "cg": 5000 * n + 8 * 5000**2}
    return round(4000 + 8e-6 * (numbers[LARGE["solver"]] + part**2 * (orders + 2)))


def large_fit_minutes(wildcards, threads):
    """Files at 0.5 GB/s, in passes over the chunks, and n³/3 operations at 20 GFLOP/s a thread."""
    n, orders = LARGE["n_train"], max(LARGE_HYPERS["nu"]) + 1
    passes = {"cholesky": 1, "tiles": 3 + n / LARGE["chunk"] / orders, "cg": 200}
    seconds = 4 * orders * n**2 * passes[LARGE["solver"]] / 5e8 + n**3 / (
        6e10 * threads
    )
    return round(30 + 2 * seconds / 60)


rule wigner_large_store:
    """What the kernels of training, validation and test structures are computed from."""
    input:
        dataset=large_dataset,
        split=LARGE_SPLIT,
    output:
        settings=f"{LARGE_STORE}/kernel.json",
    log:
        "results/{scale}/logs/wigner_large_store.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_large_store.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        protocol=lambda wildcards: LARGE_PROTOCOL,
        hypers=lambda wildcards: LARGE_HYPERS,
        code=source_digest("wigner_large_store.py"),
    script:
        "../scripts/wigner_large_store.py"


rule wigner_large_chunk:
    """Kernels of all orders between two parts of the structures."""
    input:
        dataset=large_dataset,
        split=LARGE_SPLIT,
        settings=f"{LARGE_STORE}/kernel.json",
    output:
        kernels=f"{LARGE_STORE}/wk_{{i}}_{{j}}.npy",
        note=f"{LARGE_STORE}/wk_{{i}}_{{j}}.json",
    log:
        "results/{scale}/logs/wigner_large_chunk/{i}-{j}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_large_chunk/{i}-{j}.tsv"
    wildcard_constraints:
        i="[0-9]{3}",
        j="[0-9]{3}",
    conda:
        "../../environment.yml"
    threads: 8
    resources:
        mem_mb=large_chunk_memory,
        runtime=large_chunk_minutes,
    params:
        protocol=lambda wildcards: LARGE_PROTOCOL,
        hypers=lambda wildcards: LARGE_HYPERS,
        code=source_digest("wigner_large_chunk.py"),
    script:
        "../scripts/wigner_large_chunk.py"


rule wigner_large_points:
    """Hyperparameters to try: found by cross-validation on the first structures, and a grid."""
    input:
        dataset=large_dataset,
        split=LARGE_SPLIT,
        settings=f"{LARGE_STORE}/kernel.json",
        kernels=f"{LARGE_STORE}/wk_000_000.npy",
        note=f"{LARGE_STORE}/wk_000_000.json",
    output:
        points="results/{scale}/wigner/large/points.json",
    log:
        "results/{scale}/logs/wigner_large_points.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_large_points.tsv"
    conda:
        "../../environment.yml"
    threads: 8
    resources:
        # kernels of all orders three times, and their mixture twice
        mem_mb=lambda wildcards: 4000 + round(1.5e-4 * LARGE["chunk"] ** 2),
        runtime=600,
    params:
        protocol=lambda wildcards: LARGE_PROTOCOL,
        search=WIGNER["search"],
        code=source_digest("wigner_large_points.py"),
    script:
        "../scripts/wigner_large_points.py"


rule wigner_large_fit:
    """Validation and test errors of all training structures with one choice of hyperparameters."""
    input:
        dataset=large_dataset,
        split=LARGE_SPLIT,
        settings=f"{LARGE_STORE}/kernel.json",
        kernels=large_chunks,
        points="results/{scale}/wigner/large/points.json",
    output:
        errors="results/{scale}/wigner/large/fits/{point}.parquet",
    log:
        "results/{scale}/logs/wigner_large_fit/{point}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_large_fit/{point}.tsv"
    wildcard_constraints:
        point="[0-9]+",
    conda:
        "../../environment.yml"
    threads: 32
    resources:
        mem_mb=large_fit_memory,
        runtime=large_fit_minutes,
    params:
        labels=lambda wildcards: {
            "dataset": LARGE_CURVE["dataset"],
            "kernel": LARGE["kernel"],
            "seed": 0,
        },
        protocol=lambda wildcards: LARGE_PROTOCOL,
        code=source_digest("wigner_large_fit.py"),
    script:
        "../scripts/wigner_large_fit.py"


rule wigner_large_choice:
    """The fit whose validation errors are smallest."""
    input:
        fits=lambda wildcards: expand(
            rules.wigner_large_fit.output.errors,
            scale=wildcards.scale,
            point=range(large_points()),
        ),
    output:
        errors="results/{scale}/wigner/large/errors.parquet",
    log:
        "results/{scale}/logs/wigner_large_choice.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_large_choice.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=source_digest("wigner_large_choice.py"),
    script:
        "../scripts/wigner_large_choice.py"
