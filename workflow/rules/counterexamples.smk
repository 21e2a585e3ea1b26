"""Degenerate structures: the catalogue, and the check that everything made of it waits for."""

COUNTEREXAMPLES = "results/{scale}/counterexamples"
CATALOGUE = f"{COUNTEREXAMPLES}/catalogue.xyz"
VERIFICATION = f"{COUNTEREXAMPLES}/verification.json"
CATALOGUE_PAGE = f"{COUNTEREXAMPLES}/catalogue.html"


rule counterexamples_catalogue:
    """Every family of pairs, draws of it, and every preset."""
    output:
        catalogue=CATALOGUE,
    log:
        "results/{scale}/logs/counterexamples_catalogue.log",
    benchmark:
        "results/{scale}/benchmarks/counterexamples_catalogue.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        protocol=config["counterexamples"],
        code=source_digest("counterexamples_catalogue.py"),
    script:
        "../scripts/counterexamples_catalogue.py"


rule counterexamples_verify:
    """What all pairs state to be equal or different; the workflow ends where it is not so."""
    input:
        catalogue=CATALOGUE,
    output:
        verification=VERIFICATION,
    log:
        "results/{scale}/logs/counterexamples_verify.log",
    benchmark:
        "results/{scale}/benchmarks/counterexamples_verify.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=source_digest("counterexamples_verify.py"),
    script:
        "../scripts/counterexamples_verify.py"


rule counterexamples_page:
    """All structures on one interactive page that needs no network."""
    input:
        catalogue=CATALOGUE,
        verified=VERIFICATION,
    output:
        page=CATALOGUE_PAGE,
    log:
        "results/{scale}/logs/counterexamples_page.log",
    benchmark:
        "results/{scale}/benchmarks/counterexamples_page.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=source_digest("counterexamples_page.py"),
    script:
        "../scripts/counterexamples_page.py"
