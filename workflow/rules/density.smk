"""The theory of density correlations: learning curves, parity and body orders."""

CURVES = config["density"]["learning_curves"]
DATASET = f"results/{SCALE}/datasets/{{}}.npz"
DENSITY_FIGURES = expand(
    "results/{scale}/density/{figure}.{ending}",
    scale=SCALE,
    figure=["learning_curves", "parity", "body_order"],
    ending=["pdf", "png"],
)
NUMBERS = f"results/{SCALE}/density/{{kind}}/{{name}}.parquet"
NUMBERS_OF_FIGURE = {
    "learning_curves": expand(NUMBERS, kind="errors", name=CURVES),
    "parity": expand(NUMBERS, kind="predictions", name=CURVES),
    "body_order": expand(NUMBERS, kind="errors", name="body_order"),
}


rule density_split:
    """Indices of training and test structures of one learning curve and seed."""
    input:
        dataset=lambda wildcards: DATASET.format(CURVES[wildcards.curve]["dataset"]),
    output:
        split="results/{scale}/density/splits/{curve}-{seed}.json",
    log:
        "results/{scale}/logs/density_split/{curve}-{seed}.log",
    benchmark:
        "results/{scale}/benchmarks/density_split/{curve}-{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        protocol=lambda wildcards: CURVES[wildcards.curve],
        code=source_digest("density_split.py"),
    script:
        "../scripts/density_split.py"


rule density_kernels:
    """Similarities of all structures in the splits: linear in SOAP, and its square per atom."""
    input:
        dataset=lambda wildcards: DATASET.format(CURVES[wildcards.curve]["dataset"]),
        splits=lambda wildcards: expand(
            rules.density_split.output.split,
            scale=wildcards.scale,
            curve=wildcards.curve,
            seed=CURVES[wildcards.curve]["seeds"],
        ),
    output:
        kernels="results/{scale}/density/kernels/{curve}.npz",
    log:
        "results/{scale}/logs/density_kernels/{curve}.log",
    benchmark:
        "results/{scale}/benchmarks/density_kernels/{curve}.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=6000,
        runtime=240,
    params:
        protocol=lambda wildcards: CURVES[wildcards.curve],
        code=source_digest("density_kernels.py"),
    script:
        "../scripts/density_kernels.py"


rule density_learning_curve:
    """Test errors of every model for every number of training structures and seed."""
    input:
        dataset=lambda wildcards: DATASET.format(CURVES[wildcards.curve]["dataset"]),
        splits=lambda wildcards: expand(
            rules.density_split.output.split,
            scale=wildcards.scale,
            curve=wildcards.curve,
            seed=CURVES[wildcards.curve]["seeds"],
        ),
        kernels="results/{scale}/density/kernels/{curve}.npz",
    output:
        errors="results/{scale}/density/errors/{curve}.parquet",
        predictions="results/{scale}/density/predictions/{curve}.parquet",
    log:
        "results/{scale}/logs/density_learning_curve/{curve}.log",
    benchmark:
        "results/{scale}/benchmarks/density_learning_curve/{curve}.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=6000,
        runtime=120,
    params:
        protocol=lambda wildcards: CURVES[wildcards.curve],
        code=source_digest("density_learning_curve.py"),
    script:
        "../scripts/density_learning_curve.py"


rule density_body_order:
    """Errors of linear models on exact 2-, 3- and 4-body targets."""
    output:
        errors="results/{scale}/density/errors/body_order.parquet",
    log:
        "results/{scale}/logs/density_body_order.log",
    benchmark:
        "results/{scale}/benchmarks/density_body_order.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        protocol=config["density"]["body_order"],
        code=source_digest("density_body_order.py"),
    script:
        "../scripts/density_body_order.py"


rule density_figure:
    """One figure, as .pdf and .png, from saved numbers only."""
    input:
        numbers=lambda wildcards: NUMBERS_OF_FIGURE[wildcards.figure],
    output:
        pdf="results/{scale}/density/{figure}.pdf",
        png="results/{scale}/density/{figure}.png",
    log:
        "results/{scale}/logs/density_figure/{figure}.log",
    benchmark:
        "results/{scale}/benchmarks/density_figure/{figure}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=source_digest("density_figure.py"),
    script:
        "../scripts/density_figure.py"
