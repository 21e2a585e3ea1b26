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
include: "workflow/rules/wigner_large.smk"
include: "workflow/rules/counterexamples.smk"
include: "workflow/rules/completeness.smk"
include: "workflow/rules/incompleteness.smk"
include: "workflow/rules/report.smk"


rule all:
    """Every figure of every paper, and the report."""
    default_target: True
    input:
        rules.density.input,
        rules.wigner.input,
        rules.completeness.input,
        rules.incompleteness.input,
        rules.report.input,
    localrule: True
