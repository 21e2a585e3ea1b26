"""Where the structures come from: public files, verified, and one form for every data set."""

import re

from dataset_files import DOWNLOADS, dataset_files, public_files


rule fetch:
    """A file of a public data set: copied from the mirror folder or downloaded, and verified."""
    output:
        f"{DOWNLOADS}/{{file}}",
    log:
        f"{DOWNLOADS}/logs/{{file}}.log",
    benchmark:
        f"{DOWNLOADS}/benchmarks/{{file}}.tsv"
    wildcard_constraints:
        file="|".join(map(re.escape, public_files())),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        mirror=config["mirror"],
    script:
        "../scripts/fetch_dataset.py"


rule prepare:
    """All structures and targets of a data set, in eV and Å."""
    input:
        unpack(
            lambda wildcards: dataset_files(
                wildcards.dataset, config["datasets"][wildcards.dataset]["source"]
            )
        ),
    output:
        prepared="results/{scale}/datasets/{dataset}.npz",
    log:
        "results/{scale}/logs/prepare/{dataset}.log",
    benchmark:
        "results/{scale}/benchmarks/prepare/{dataset}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=120,
    params:
        source=lambda wildcards: config["datasets"][wildcards.dataset]["source"],
        code=source_digest("prepare_dataset.py"),
    script:
        "../scripts/prepare_dataset.py"


rule reference_methane:
    """Random methane, labelled by PySCF: the published set, grown to the number asked for."""
    output:
        npz="results/reference-data/methane.npz",
        provenance="results/reference-data/methane.json",
    log:
        "results/reference-data/logs/methane.log",
    benchmark:
        "results/reference-data/benchmarks/methane.tsv"
    conda:
        "../../environment.yml"
    threads: 64
    resources:
        mem_mb=lambda wildcards, threads: 1000 * threads,
        runtime=600,
    params:
        seed=1,
        tries=40,
        n_structures=config["reference_data"]["methane"],
        chunks=lambda wildcards, output: output.npz.removesuffix(".npz"),
        embedded="workflow/resources",
    script:
        "../scripts/reference_methane.py"


rule reference_minimol:
    """Small organic molecules, enumerated, relaxed and labelled by GFN2-xTB; grown likewise."""
    output:
        npz="results/reference-data/minimol.npz",
        provenance="results/reference-data/minimol.json",
    log:
        "results/reference-data/logs/minimol.log",
    benchmark:
        "results/reference-data/benchmarks/minimol.tsv"
    conda:
        "../../environment.yml"
    threads: 64
    resources:
        mem_mb=lambda wildcards, threads: 1000 * threads,
        runtime=600,
    params:
        n_heavy=7,
        seed=1,
        tries=100,
        n_structures=config["reference_data"]["minimol"],
        chunks=lambda wildcards, output: output.npz.removesuffix(".npz"),
        embedded="workflow/resources",
    script:
        "../scripts/reference_minimol.py"


rule reference_b8:
    """Degenerate pairs of B8 clusters, labelled by PySCF; grown likewise."""
    output:
        npz="results/reference-data/b8.npz",
        provenance="results/reference-data/b8.json",
    log:
        "results/reference-data/logs/b8.log",
    benchmark:
        "results/reference-data/benchmarks/b8.tsv"
    conda:
        "../../environment.yml"
    threads: 64
    resources:
        mem_mb=lambda wildcards, threads: 1000 * threads,
        runtime=600,
    params:
        seed=12345,
        tries=10,
        n_pairs=config["reference_data"]["b8"],
        chunks=lambda wildcards, output: output.npz.removesuffix(".npz"),
        embedded="workflow/resources",
    script:
        "../scripts/reference_b8.py"


rule reference_data:
    """
    Publish the sets in workflow/resources/, which every other rule only reads.

    What it writes there is no output, because the default workflow would then make it again.
    """
    input:
        methane="results/reference-data/methane.npz",
        methane_provenance="results/reference-data/methane.json",
        minimol="results/reference-data/minimol.npz",
        minimol_provenance="results/reference-data/minimol.json",
        b8="results/reference-data/b8.npz",
        b8_provenance="results/reference-data/b8.json",
    output:
        done="results/reference-data/published.txt",
    log:
        "results/reference-data/logs/publish.log",
    benchmark:
        "results/reference-data/benchmarks/publish.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        resources="workflow/resources",
    script:
        "../scripts/reference_data.py"
