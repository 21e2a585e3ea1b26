"""The theory of density correlations: learning curves, body orders, spaces and sensitivities."""

CURVES = config["density"]["learning_curves"]
DATASET = f"results/{SCALE}/datasets/{{}}.npz"
NUMBERS = f"results/{SCALE}/density/{{kind}}/{{name}}.parquet"
NUMBERS_OF_FIGURE = {
    "learning_curves": expand(NUMBERS, kind="errors", name=CURVES),
    "parity": expand(NUMBERS, kind="predictions", name=CURVES),
    "body_order": expand(NUMBERS, kind="errors", name="body_order"),
    "component_variances": expand(NUMBERS, kind="variances", name=list(CURVES)[0]),
    "reconstruction": expand(NUMBERS, kind="errors", name="reconstruction"),
    "local_reconstruction": expand(NUMBERS, kind="errors", name="local_reconstruction"),
    "jacobian_spectra": expand(NUMBERS, kind="jacobians", name="spectra"),
    "manifold_collapse": expand(NUMBERS, kind="jacobians", name="manifold"),
}
DENSITY_FIGURES = expand(
    "results/{scale}/density/{figure}.{ending}",
    scale=SCALE,
    figure=NUMBERS_OF_FIGURE,
    ending=["pdf", "png"],
)


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


rule density_nice:
    """NICE features of all structures in the splits, and the variances of their components."""
    input:
        dataset=lambda wildcards: DATASET.format(CURVES[wildcards.curve]["dataset"]),
        splits=lambda wildcards: expand(
            rules.density_split.output.split,
            scale=wildcards.scale,
            curve=wildcards.curve,
            seed=CURVES[wildcards.curve]["seeds"],
        ),
    output:
        features="results/{scale}/density/nice/{curve}.npz",
        variances="results/{scale}/density/variances/{curve}.parquet",
    log:
        "results/{scale}/logs/density_nice/{curve}.log",
    benchmark:
        "results/{scale}/benchmarks/density_nice/{curve}.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=6000,
        runtime=240,
    params:
        protocol=lambda wildcards: CURVES[wildcards.curve],
        code=source_digest("density_nice.py"),
    script:
        "../scripts/density_nice.py"


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
        features="results/{scale}/density/nice/{curve}.npz",
    output:
        errors="results/{scale}/density/errors/{curve}.parquet",
        predictions="results/{scale}/density/predictions/{curve}.parquet",
    log:
        "results/{scale}/logs/density_learning_curve/{curve}.log",
    benchmark:
        "results/{scale}/benchmarks/density_learning_curve/{curve}.tsv"
    wildcard_constraints:
        curve="|".join(CURVES),  # the errors of other rules lie in the same folder
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


rule density_spaces:
    """Features of the same random environments by each of the descriptors to be compared."""
    output:
        spaces="results/{scale}/density/spaces.npz",
    log:
        "results/{scale}/logs/density_spaces.log",
    benchmark:
        "results/{scale}/benchmarks/density_spaces.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=6000,
        runtime=60,
    params:
        protocol=config["density"]["spaces"],
        code=source_digest("density_spaces.py"),
    script:
        "../scripts/density_spaces.py"


rule density_reconstruction:
    """How much of each feature space is in each other one, by linear maps."""
    input:
        spaces="results/{scale}/density/spaces.npz",
    output:
        errors="results/{scale}/density/errors/reconstruction.parquet",
    log:
        "results/{scale}/logs/density_reconstruction.log",
    benchmark:
        "results/{scale}/benchmarks/density_reconstruction.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=600,
    params:
        code=source_digest("density_reconstruction.py"),
    script:
        "../scripts/density_reconstruction.py"


rule density_local_reconstruction:
    """What smooth maps between feature spaces miss, against the points they are fitted to."""
    input:
        spaces="results/{scale}/density/spaces.npz",
    output:
        errors="results/{scale}/density/errors/local_reconstruction.parquet",
    log:
        "results/{scale}/logs/density_local_reconstruction.log",
    benchmark:
        "results/{scale}/benchmarks/density_local_reconstruction.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=600,
    params:
        n_local=config["density"]["spaces"]["n_local"],
        code=source_digest("density_local_reconstruction.py"),
    script:
        "../scripts/density_local_reconstruction.py"


rule density_jacobian:
    """Singular values of Jacobians: random methane, and a manifold of degenerate pairs."""
    output:
        spectra="results/{scale}/density/jacobians/spectra.parquet",
        manifold="results/{scale}/density/jacobians/manifold.parquet",
    log:
        "results/{scale}/logs/density_jacobian.log",
    benchmark:
        "results/{scale}/benchmarks/density_jacobian.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        protocol=config["density"]["jacobian"],
        code=source_digest("density_jacobian.py"),
    script:
        "../scripts/density_jacobian.py"


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


rule density:
    """Figures of the theory of density correlations: results/SCALE/density/."""
    input:
        DENSITY_FIGURES,
    localrule: True
