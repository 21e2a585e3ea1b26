"""Regression on Wigner kernels of more structures than memory holds kernels of all orders of."""

from wigner_large_sizes import LargeSizes

LARGE = WIGNER["large"]
LARGE_STORE = "results/{scale}/wigner/large/kernels"
LARGE_SPLIT = "results/{scale}/wigner/splits/large-0.json"

if LARGE:
    LARGE_CURVE = WIGNER_CURVES[LARGE["curve"]]
    LARGE_HYPERS = LARGE_CURVE["kernels"][LARGE["kernel"]]
    LARGE_PROTOCOL = {**LARGE_CURVE, **LARGE, "n_train": [LARGE["n_train"]]}
    LARGE_SIZES = LargeSizes(LARGE, max(LARGE_HYPERS["nu"]))
    WIGNER_PROTOCOLS["large"] = LARGE_PROTOCOL
    NUMBERS_OF_WIGNER[LARGE["curve"]].append(
        f"results/{SCALE}/wigner/large/errors.parquet"
    )


rule wigner_large_store:
    """What the kernels of training, validation and test structures are computed from."""
    input:
        dataset=lambda wildcards: DATASET.format(LARGE_CURVE["dataset"]),
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
        dataset=lambda wildcards: DATASET.format(LARGE_CURVE["dataset"]),
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
        mem_mb=lambda wildcards: LARGE_SIZES.chunk_memory,
        runtime=lambda wildcards, threads: LARGE_SIZES.chunk_minutes(threads),
    params:
        protocol=lambda wildcards: LARGE_PROTOCOL,
        hypers=lambda wildcards: LARGE_HYPERS,
        code=source_digest("wigner_large_chunk.py"),
    script:
        "../scripts/wigner_large_chunk.py"


rule wigner_large_points:
    """Hyperparameters to try: found by cross-validation on the first structures, and a grid."""
    input:
        dataset=lambda wildcards: DATASET.format(LARGE_CURVE["dataset"]),
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
        mem_mb=lambda wildcards: LARGE_SIZES.points_memory,
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
        dataset=lambda wildcards: DATASET.format(LARGE_CURVE["dataset"]),
        split=LARGE_SPLIT,
        settings=f"{LARGE_STORE}/kernel.json",
        kernels=lambda wildcards: [
            f"{LARGE_STORE.format(scale=wildcards.scale)}/wk_{i:03d}_{j:03d}.{ending}"
            for i, j in LARGE_SIZES.chunks
            for ending in ("npy", "json")
        ],
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
        mem_mb=lambda wildcards: LARGE_SIZES.fit_memory,
        runtime=lambda wildcards, threads: LARGE_SIZES.fit_minutes(threads),
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
            point=range(LARGE_SIZES.n_points),
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
