"""Wigner kernels: learning curves of energies and dipoles, truncation, all orders, cost."""

WIGNER = config["wigner"]
WIGNER_CURVES = WIGNER["curves"]
WIGNER_SPARSE = WIGNER["sparse"]
WIGNER_PROTOCOLS = {**WIGNER_CURVES, "sparse": WIGNER_SPARSE}  # of splits; others join
WIGNER_ERRORS = f"results/{SCALE}/wigner/errors/{{curve}}-{{kernel}}-{{seed}}.parquet"

# rows of the largest kernel: a vector has three
WIGNER_ROWS = {
    curve: max(entry["n_train"]) * (3 if entry["target"] == "dipole" else 1)
    for curve, entry in WIGNER_CURVES.items()
}
NUMBERS_OF_WIGNER = {
    **{
        curve: expand(
            WIGNER_ERRORS, curve=curve, kernel=entry["kernels"], seed=entry["seeds"]
        )
        for curve, entry in WIGNER_CURVES.items()
    },
    "truncation": expand(
        f"results/{SCALE}/wigner/truncation/{{curve}}.parquet",
        curve=WIGNER["truncation"]["curves"],
    ),
    "exponential": expand(
        f"results/{SCALE}/wigner/exponential/{{curve}}.parquet",
        curve=WIGNER["exponential"]["curves"],
    ),
    "sparse": expand(
        f"results/{SCALE}/wigner/sparse/{{seed}}.parquet", seed=WIGNER_SPARSE["seeds"]
    ),
    "cost": [f"results/{SCALE}/wigner/cost.parquet"],
}
WIGNER_FIGURES = expand(
    "results/{scale}/wigner/{figure}.{ending}",
    scale=SCALE,
    figure=NUMBERS_OF_WIGNER,
    ending=["pdf", "png"],
)


rule wigner_split:
    """Indices of training and test structures of one curve and seed, in the published order."""
    input:
        dataset=lambda wildcards: DATASET.format(
            WIGNER_PROTOCOLS[wildcards.curve]["dataset"]
        ),
    output:
        split="results/{scale}/wigner/splits/{curve}-{seed}.json",
    log:
        "results/{scale}/logs/wigner_split/{curve}-{seed}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_split/{curve}-{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        protocol=lambda wildcards: WIGNER_PROTOCOLS[wildcards.curve],
        code=source_digest("wigner_split.py"),
    script:
        "../scripts/wigner_split.py"


rule wigner_kernel:
    """Kernels of all orders between the structures of one split."""
    input:
        dataset=lambda wildcards: DATASET.format(
            WIGNER_CURVES[wildcards.curve]["dataset"]
        ),
        split="results/{scale}/wigner/splits/{curve}-{seed}.json",
    output:
        kernels="results/{scale}/wigner/kernels/{curve}-{kernel}-{seed}.npz",
    log:
        "results/{scale}/logs/wigner_kernel/{curve}-{kernel}-{seed}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_kernel/{curve}-{kernel}-{seed}.tsv"
    priority: 1  # the longest jobs, beside which the others fit
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        # kernels of all orders twice, and their mixture
        mem_mb=lambda wildcards: 4000
        + round(1.5e-4 * WIGNER_ROWS[wildcards.curve] ** 2),
        runtime=1440,
    params:
        protocol=lambda wildcards: WIGNER_CURVES[wildcards.curve],
        hypers=lambda wildcards: WIGNER_CURVES[wildcards.curve]["kernels"][
            wildcards.kernel
        ],
        code=source_digest("wigner_kernel.py"),
    script:
        "../scripts/wigner_kernel.py"


rule wigner_fit:
    """Test errors of one kernel and seed, for every number of training structures and order."""
    input:
        dataset=lambda wildcards: DATASET.format(
            WIGNER_CURVES[wildcards.curve]["dataset"]
        ),
        split="results/{scale}/wigner/splits/{curve}-{seed}.json",
        kernels="results/{scale}/wigner/kernels/{curve}-{kernel}-{seed}.npz",
    output:
        errors="results/{scale}/wigner/errors/{curve}-{kernel}-{seed}.parquet",
    log:
        "results/{scale}/logs/wigner_fit/{curve}-{kernel}-{seed}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_fit/{curve}-{kernel}-{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        # kernels of all orders twice, and their mixture
        mem_mb=lambda wildcards: 4000
        + round(1.5e-4 * WIGNER_ROWS[wildcards.curve] ** 2),
        runtime=1440,
    params:
        protocol=lambda wildcards: WIGNER_CURVES[wildcards.curve],
        orders=lambda wildcards: WIGNER_CURVES[wildcards.curve]["kernels"][
            wildcards.kernel
        ]["nu"],
        search=WIGNER["search"],
        code=source_digest("wigner_fit.py"),
    script:
        "../scripts/wigner_fit.py"


rule wigner_truncation:
    """Kernels and test errors with a limit on angular momenta between products."""
    input:
        dataset=lambda wildcards: DATASET.format(
            WIGNER_CURVES[wildcards.curve]["dataset"]
        ),
        split=lambda wildcards: (
            f"results/{SCALE}/wigner/splits/{wildcards.curve}-"
            f"{WIGNER_CURVES[wildcards.curve]['seeds'][0]}.json"
        ),
    output:
        errors="results/{scale}/wigner/truncation/{curve}.parquet",
    log:
        "results/{scale}/logs/wigner_truncation/{curve}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_truncation/{curve}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=600,
    params:
        protocol=lambda wildcards: WIGNER_CURVES[wildcards.curve],
        truncation=WIGNER["truncation"],
        search=WIGNER["search"],
        code=source_digest("wigner_truncation.py"),
    script:
        "../scripts/wigner_truncation.py"


rule wigner_exponential:
    """Sums up to each order of correlation, and the exponential that has all of them."""
    input:
        dataset=lambda wildcards: DATASET.format(
            WIGNER_CURVES[wildcards.curve]["dataset"]
        ),
        split=lambda wildcards: (
            f"results/{SCALE}/wigner/splits/{wildcards.curve}-"
            f"{WIGNER_CURVES[wildcards.curve]['seeds'][0]}.json"
        ),
    output:
        errors="results/{scale}/wigner/exponential/{curve}.parquet",
    log:
        "results/{scale}/logs/wigner_exponential/{curve}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_exponential/{curve}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=600,
    params:
        protocol=lambda wildcards: WIGNER_CURVES[wildcards.curve],
        exponential=WIGNER["exponential"],
        search=WIGNER["search"],
        code=source_digest("wigner_exponential.py"),
    script:
        "../scripts/wigner_exponential.py"


rule wigner_sparse:
    """Test errors of energies and forces with few environments that represent all."""
    input:
        dataset=DATASET.format(WIGNER_SPARSE["dataset"]),
        split="results/{scale}/wigner/splits/sparse-{seed}.json",
    output:
        errors="results/{scale}/wigner/sparse/{seed}.parquet",
    log:
        "results/{scale}/logs/wigner_sparse/{seed}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_sparse/{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=600,
    params:
        protocol=WIGNER_SPARSE,
        search=WIGNER["search"],
        code=source_digest("wigner_sparse.py"),
    script:
        "../scripts/wigner_sparse.py"


rule wigner_cost:
    """Time of a pair of environments against orders and channels, on one thread."""
    output:
        times="results/{scale}/wigner/cost.parquet",
    log:
        "results/{scale}/logs/wigner_cost.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_cost.tsv"
    priority: 2  # before other jobs take a core, it waits for none to end
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        protocol=WIGNER["cost"],
        code=source_digest("wigner_cost.py"),
    script:
        "../scripts/wigner_cost.py"


rule wigner_figure:
    """One figure, as .pdf and .png, from saved numbers only."""
    input:
        numbers=lambda wildcards: NUMBERS_OF_WIGNER[wildcards.figure],
        references="workflow/report/references.yaml",
    output:
        pdf="results/{scale}/wigner/{figure}.pdf",
        png="results/{scale}/wigner/{figure}.png",
    log:
        "results/{scale}/logs/wigner_figure/{figure}.log",
    benchmark:
        "results/{scale}/benchmarks/wigner_figure/{figure}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=source_digest("wigner_figure.py"),
    script:
        "../scripts/wigner_figure.py"


rule wigner:
    """Figures of Wigner kernels of all orders of correlation: results/SCALE/wigner/."""
    input:
        WIGNER_FIGURES,
    localrule: True
