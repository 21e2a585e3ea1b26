"""Completeness of representations: pairs of B8 clusters, learned from correlations and triplets."""

B8 = config["completeness"]["b8"]
B8_FILES = "results/{scale}/completeness/b8"
METHANE = "results/{scale}/completeness/methane"
SHEETS = "results/{scale}/completeness/sheets"
ORBIT = "results/{scale}/completeness/orbit"
# the data set, where there is a copy; else an orbit is followed
PUBLISHED_ORBIT = (
    {"published": DATASET.format("orbit")} if "orbit" in config["datasets"] else {}
)
NUMBERS_OF_COMPLETENESS = {
    "sheet_spectra": [f"{SHEETS}/spectra.parquet".format(scale=SCALE)],
    "crossing_sheets": [f"{SHEETS}/projections.parquet".format(scale=SCALE)],
    "methane_learning": [
        f"{METHANE}/{table}.parquet".format(scale=SCALE)
        for table in ("errors", "curves")
    ],
    "separating_force": [f"{SHEETS}/forces.parquet".format(scale=SCALE)],
    "orbit_learning": [f"{ORBIT}/predictions.parquet".format(scale=SCALE)],
    "boron_energies": expand(
        f"{B8_FILES}/predictions/{{letter}}.parquet", scale=SCALE, letter=["B", "D"]
    ),
    "boron_errors": [f"{B8_FILES}/errors/all.parquet".format(scale=SCALE)],
    "boron_distances": [f"{B8_FILES}/distances.parquet".format(scale=SCALE)],
}
COMPLETENESS_FIGURES = expand(
    "results/{scale}/completeness/{figure}.{ending}",
    scale=SCALE,
    figure=NUMBERS_OF_COMPLETENESS,
    ending=["pdf", "png"],
)


rule completeness_b8_features:
    """Correlations of up to 3 and up to 7 neighbors, and triplets, of the first atoms."""
    input:
        verified=VERIFICATION,
        dataset=DATASET.format("b8"),
    output:
        split=f"{B8_FILES}/split.json",
        features=f"{B8_FILES}/features.npz",
        distorted=f"{B8_FILES}/distorted.npz",
    log:
        "results/{scale}/logs/completeness_b8_features.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_b8_features.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=6000,
        runtime=120,
    params:
        protocol=B8,
        code=source_digest("completeness_b8_features.py"),
    script:
        "../scripts/completeness_b8_features.py"


rule completeness_b8_encoding:
    """Models A^rho: triplets encoded so that correlations of seven neighbors can be told."""
    input:
        features=f"{B8_FILES}/features.npz",
        distorted=f"{B8_FILES}/distorted.npz",
        split=f"{B8_FILES}/split.json",
    output:
        encodings=f"{B8_FILES}/encodings.npz",
        errors=f"{B8_FILES}/errors/encodings.parquet",
        metrics=f"{B8_FILES}/metrics/encodings.parquet",
    log:
        "results/{scale}/logs/completeness_b8_encoding.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_b8_encoding.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=600,
        gpu=1,
    params:
        protocol=B8["encoder"],
        # of this code only, for another one would go on from what it did not do
        checkpoints=lambda wildcards, output: (
            f"{output.metrics}.{source_digest('completeness_b8_encoding.py')[:12]}"
        ),
        code=source_digest("completeness_b8_encoding.py"),
    script:
        "../scripts/completeness_b8_encoding.py"


rule completeness_b8_energies:
    """Models of energies that read one kind of features, and what they predict."""
    input:
        dataset=DATASET.format("b8"),
        features=lambda wildcards: (
            f"{B8_FILES}/encodings.npz"
            if wildcards.letter == "A"
            else f"{B8_FILES}/features.npz"
        ),
        split=f"{B8_FILES}/split.json",
    output:
        predictions=f"{B8_FILES}/predictions/{{letter}}.parquet",
        metrics=f"{B8_FILES}/metrics/{{letter}}.parquet",
    log:
        "results/{scale}/logs/completeness_b8_energies/{letter}.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_b8_energies/{letter}.tsv"
    wildcard_constraints:
        letter="[A-D]",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=600,
        gpu=1,
    params:
        protocol=B8,
        # of this code only, for another one would go on from what it did not do
        checkpoints=lambda wildcards, output: (
            f"{output.metrics}.{source_digest('completeness_b8_energies.py')[:12]}"
        ),
        code=source_digest("completeness_b8_energies.py"),
    script:
        "../scripts/completeness_b8_energies.py"


rule completeness_b8_errors:
    """Errors of the means and differences of pairs, of every model."""
    input:
        encoders=f"{B8_FILES}/errors/encodings.parquet",
        predictions=expand(
            f"{B8_FILES}/predictions/{{letter}}.parquet",
            letter=list("ABCD"),
            allow_missing=True,
        ),
    output:
        errors=f"{B8_FILES}/errors/all.parquet",
    log:
        "results/{scale}/logs/completeness_b8_errors.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_b8_errors.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=source_digest("completeness_b8_errors.py"),
    script:
        "../scripts/completeness_b8_errors.py"


rule completeness_b8_distances:
    """Distances between clusters in correlations of three neighbors and in encoded triplets."""
    input:
        features=f"{B8_FILES}/features.npz",
        distorted=f"{B8_FILES}/distorted.npz",
        encodings=f"{B8_FILES}/encodings.npz",
        split=f"{B8_FILES}/split.json",
    output:
        distances=f"{B8_FILES}/distances.parquet",
    log:
        "results/{scale}/logs/completeness_b8_distances.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_b8_distances.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        protocol=B8["distances"],
        code=source_digest("completeness_b8_distances.py"),
    script:
        "../scripts/completeness_b8_distances.py"


rule completeness_sheets:
    """Singular values where two sheets of methane structures meet."""
    input:
        verified=VERIFICATION,
    output:
        spectra=f"{SHEETS}/spectra.parquet",
    log:
        "results/{scale}/logs/completeness_sheets.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_sheets.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        n_separations=config["completeness"]["sheets"]["n_separations"],
        code=source_digest("completeness_sheets.py"),
    script:
        "../scripts/completeness_sheets.py"


rule completeness_projections:
    """Principal components of two sheets of methane structures."""
    input:
        verified=VERIFICATION,
    output:
        projections=f"{SHEETS}/projections.parquet",
    log:
        "results/{scale}/logs/completeness_projections.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_projections.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=source_digest("completeness_projections.py"),
    script:
        "../scripts/completeness_projections.py"


rule completeness_forces:
    """Forces of smooth models on the atom that separates the sheets."""
    input:
        verified=VERIFICATION,
    output:
        forces=f"{SHEETS}/forces.parquet",
    log:
        "results/{scale}/logs/completeness_forces.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_forces.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        n_train=config["completeness"]["forces"]["n_train"],
        seed=config["completeness"]["forces"]["seed"],
        code=source_digest("completeness_forces.py"),
    script:
        "../scripts/completeness_forces.py"


rule completeness_orbit:
    """Methane along which two neighbors hardly change, and what a network learns there."""
    input:
        **PUBLISHED_ORBIT,
        verified=VERIFICATION,
    output:
        orbit=f"{ORBIT}/points.parquet",
        predictions=f"{ORBIT}/predictions.parquet",
    log:
        "results/{scale}/logs/completeness_orbit.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_orbit.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=600,
    params:
        protocol=config["completeness"]["orbit"],
        # of this code only, for another one would go on from what it did not do
        checkpoints=lambda wildcards, output: (
            f"{output.predictions}.{source_digest('completeness_orbit.py')[:12]}"
        ),
        code=source_digest("completeness_orbit.py"),
    script:
        "../scripts/completeness_orbit.py"


rule completeness_methane:
    """Energies of random methane, learned from each representation."""
    input:
        dataset=DATASET.format("methane"),
        verified=VERIFICATION,
    output:
        errors=f"{METHANE}/errors.parquet",
        curves=f"{METHANE}/curves.parquet",
    log:
        "results/{scale}/logs/completeness_methane.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_methane.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=600,
    params:
        protocol=config["completeness"]["methane"],
        code=source_digest("completeness_methane.py"),
    script:
        "../scripts/completeness_methane.py"


rule completeness_figure:
    """One figure, as .pdf and .png, from saved numbers only."""
    input:
        numbers=lambda wildcards: NUMBERS_OF_COMPLETENESS[wildcards.figure],
    output:
        pdf="results/{scale}/completeness/{figure}.pdf",
        png="results/{scale}/completeness/{figure}.png",
    log:
        "results/{scale}/logs/completeness_figure/{figure}.log",
    benchmark:
        "results/{scale}/benchmarks/completeness_figure/{figure}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=source_digest("completeness_figure.py"),
    script:
        "../scripts/completeness_figure.py"


rule completeness:
    """Figures of what correlations and triplets can tell apart: results/SCALE/completeness/."""
    input:
        COMPLETENESS_FIGURES,
    localrule: True
