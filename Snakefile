"""From raw data to the figures of the papers. Choose a scale: --configfile configs/SCALE.yaml."""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.15")
sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))

from configuration import checked
from source_digest import git_commit, source_digest

try:
    config = checked(config)
except ValueError as error:
    raise WorkflowError(str(error)) from None

SCALE = config["scale"]


wildcard_constraints:
    scale=SCALE,
    dataset="[a-z0-9]+",
    curve="[a-z0-9]+",
    seed="[0-9]+",
    kernel="[a-z]+",
    figure="[a-z_]+",


include: "workflow/rules/data.smk"
include: "workflow/rules/density.smk"
include: "workflow/rules/wigner.smk"
include: "workflow/rules/counterexamples.smk"
include: "workflow/rules/completeness.smk"
include: "workflow/rules/incompleteness.smk"
include: "workflow/rules/report.smk"


localrules:
    all,
    density,
    wigner,
    completeness,
    incompleteness,
    report,


rule density:
    """Figures of the theory of density correlations: results/SCALE/density/."""
    input:
        DENSITY_FIGURES,


rule wigner:
    """Figures of Wigner kernels of all orders of correlation: results/SCALE/wigner/."""
    input:
        WIGNER_FIGURES,


rule completeness:
    """Figures of what correlations and triplets can tell apart: results/SCALE/completeness/."""
    input:
        COMPLETENESS_FIGURES,


rule incompleteness:
    """Figures of pairs that networks of distances cannot tell apart: results/SCALE/incompleteness/."""
    input:
        INCOMPLETENESS_FIGURES,
        CATALOGUE_PAGE.format(scale=SCALE),


rule report:
    """One page with every figure and number: results/SCALE/report/index.html."""
    input:
        f"results/{SCALE}/report/index.html",


rule all:
    """Every figure of every paper, and the report."""
    default_target: True
    input:
        rules.density.input,
        rules.wigner.input,
        rules.completeness.input,
        rules.incompleteness.input,
        rules.report.input,
