"""The page that shows every figure and number of one scale."""

from dataset_files import dataset_files

SOURCES = [
    file
    for name, entry in config["datasets"].items()
    for file in dataset_files(name, entry["source"]).values()
]


rule report_page:
    """Figures with captions, tables, reference values, checksums, versions and times."""
    input:
        figures=[
            figure
            for figure in [
                *DENSITY_FIGURES,
                *WIGNER_FIGURES,
                *COMPLETENESS_FIGURES,
                *INCOMPLETENESS_FIGURES,
            ]
            if figure.endswith(".png")
        ],
        learning_curves=NUMBERS_OF_FIGURE["learning_curves"],
        body_order=NUMBERS_OF_FIGURE["body_order"],
        wigner_curves=[
            path for curve in WIGNER_CURVES for path in NUMBERS_OF_WIGNER[curve]
        ],
        wigner_truncation=NUMBERS_OF_WIGNER["truncation"],
        b8_errors=NUMBERS_OF_COMPLETENESS["boron_errors"],
        sheets=NUMBERS_OF_COMPLETENESS["sheet_spectra"],
        forces=NUMBERS_OF_COMPLETENESS["separating_force"],
        orbit=[f"{ORBIT}/points.parquet".format(scale=SCALE)],
        labels=[path for path in PAIR_TRAININGS if path.endswith("labels.parquet")],
        differences=NUMBERS_OF_INCOMPLETENESS["network_differences"],
        verification=VERIFICATION,
        pages=[CATALOGUE_PAGE],
        sources=SOURCES,
        datasets=[DATASET.format(name) for name in config["datasets"]],
        template="workflow/report/page.html",
        style="workflow/report/page.css",
        captions="workflow/report/captions.yaml",
        references="workflow/report/references.yaml",
    output:
        page="results/{scale}/report/index.html",
    log:
        "results/{scale}/logs/report_page.log",
    benchmark:
        "results/{scale}/benchmarks/report_page.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        configuration=config,
        benchmarks="results/{scale}/benchmarks",
        commit=git_commit(),
        code=source_digest("report.py"),
    script:
        "../scripts/report.py"


rule report:
    """One page with every figure and number: results/SCALE/report/index.html."""
    input:
        f"results/{SCALE}/report/index.html",
    localrule: True
