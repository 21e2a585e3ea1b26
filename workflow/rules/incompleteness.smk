"""Incompleteness of networks on distances: pairs that they cannot tell apart, and what it costs."""

INCOMPLETENESS = config["incompleteness"]
INCOMPLETENESS_FILES = "results/{scale}/incompleteness"
PAIR_TRAININGS = expand(
    f"{INCOMPLETENESS_FILES}/training/{{target}}.parquet",
    scale=SCALE,
    target=INCOMPLETENESS["training"],
)
REFINEMENT = expand(
    f"{INCOMPLETENESS_FILES}/refinement/{{table}}.parquet",
    scale=SCALE,
    table=["atoms", "edges", "angles"],
)
PERIODIC = f"{INCOMPLETENESS_FILES}/periodic.parquet"
AUDITS = expand(
    f"{INCOMPLETENESS_FILES}/audit/{{model}}.parquet",
    scale=SCALE,
    model=INCOMPLETENESS["audit"]["models"],
)
NUMBERS_OF_INCOMPLETENESS = {
    "pair_gallery": [CATALOGUE.format(scale=SCALE)],
    "color_classes": REFINEMENT,
    "periodic_pairs": [PERIODIC.format(scale=SCALE), CATALOGUE.format(scale=SCALE)],
    "network_differences": [
        f"{INCOMPLETENESS_FILES}/differences.parquet".format(scale=SCALE)
    ],
    "network_training": PAIR_TRAININGS,
    "preset_energies": [f"{INCOMPLETENESS_FILES}/presets.parquet".format(scale=SCALE)],
    "audit_matrix": AUDITS,
}
INCOMPLETENESS_FIGURES = expand(
    "results/{scale}/incompleteness/{figure}.{ending}",
    scale=SCALE,
    figure=NUMBERS_OF_INCOMPLETENESS,
    ending=["pdf", "png"],
)


rule incompleteness_refinement:
    """Colors, distances and angles of one pair."""
    input:
        verified=VERIFICATION,
    output:
        atoms=f"{INCOMPLETENESS_FILES}/refinement/atoms.parquet",
        edges=f"{INCOMPLETENESS_FILES}/refinement/edges.parquet",
        angles=f"{INCOMPLETENESS_FILES}/refinement/angles.parquet",
    log:
        "results/{scale}/logs/incompleteness_refinement.log",
    benchmark:
        "results/{scale}/benchmarks/incompleteness_refinement.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=source_digest("incompleteness_refinement.py"),
    script:
        "../scripts/incompleteness_refinement.py"


rule incompleteness_periodic:
    """Periodic pairs by distances and by power spectra, within growing cutoffs."""
    input:
        verified=VERIFICATION,
    output:
        points=PERIODIC,
    log:
        "results/{scale}/logs/incompleteness_periodic.log",
    benchmark:
        "results/{scale}/benchmarks/incompleteness_periodic.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        cutoffs=INCOMPLETENESS["periodic"]["cutoffs"],
        code=source_digest("incompleteness_periodic.py"),
    script:
        "../scripts/incompleteness_periodic.py"


rule incompleteness_audit:
    """Which pairs one of the reference models sees, and whether it should."""
    input:
        verified=VERIFICATION,
    output:
        cells=f"{INCOMPLETENESS_FILES}/audit/{{model}}.parquet",
    log:
        "results/{scale}/logs/incompleteness_audit/{model}.log",
    benchmark:
        "results/{scale}/benchmarks/incompleteness_audit/{model}.tsv"
    wildcard_constraints:
        model="[a-z0-9-]+",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        protocol=INCOMPLETENESS["audit"],
        code=source_digest("incompleteness_audit.py"),
    script:
        "../scripts/incompleteness_audit.py"


rule incompleteness_differences:
    """Energies that networks with random weights give to both members of every pair."""
    input:
        verified=VERIFICATION,
    output:
        differences=f"{INCOMPLETENESS_FILES}/differences.parquet",
    log:
        "results/{scale}/logs/incompleteness_differences.log",
    benchmark:
        "results/{scale}/benchmarks/incompleteness_differences.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        protocol=INCOMPLETENESS["differences"],
        code=source_digest("incompleteness_differences.py"),
    script:
        "../scripts/incompleteness_differences.py"


rule incompleteness_training:
    """Errors of networks with and without angles while they learn labels or energies of pairs."""
    input:
        verified=VERIFICATION,
    output:
        errors=f"{INCOMPLETENESS_FILES}/training/{{target}}.parquet",
    log:
        "results/{scale}/logs/incompleteness_training/{target}.log",
    benchmark:
        "results/{scale}/benchmarks/incompleteness_training/{target}.tsv"
    wildcard_constraints:
        target="labels|energies",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        protocol=lambda wildcards: INCOMPLETENESS["training"][wildcards.target],
        code=source_digest("incompleteness_training.py"),
    script:
        "../scripts/incompleteness_training.py"


rule incompleteness_presets:
    """Energies and forces of pairs that look like chemistry, by two potentials."""
    input:
        verified=VERIFICATION,
    output:
        presets=f"{INCOMPLETENESS_FILES}/presets.parquet",
    log:
        "results/{scale}/logs/incompleteness_presets.log",
    benchmark:
        "results/{scale}/benchmarks/incompleteness_presets.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=source_digest("incompleteness_presets.py"),
    script:
        "../scripts/incompleteness_presets.py"


rule incompleteness_figure:
    """One figure, as .pdf and .png, from saved numbers only."""
    input:
        numbers=lambda wildcards: NUMBERS_OF_INCOMPLETENESS[wildcards.figure],
    output:
        pdf="results/{scale}/incompleteness/{figure}.pdf",
        png="results/{scale}/incompleteness/{figure}.png",
    log:
        "results/{scale}/logs/incompleteness_figure/{figure}.log",
    benchmark:
        "results/{scale}/benchmarks/incompleteness_figure/{figure}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=source_digest("incompleteness_figure.py"),
    script:
        "../scripts/incompleteness_figure.py"


rule incompleteness:
    """Figures of pairs that networks of distances cannot tell apart: results/SCALE/incompleteness/."""
    input:
        INCOMPLETENESS_FIGURES,
        CATALOGUE_PAGE.format(scale=SCALE),
    localrule: True
