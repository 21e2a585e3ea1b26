"""Publish the finished reference data in workflow/resources/."""

from pathlib import Path

from job import begin
from rhobar.data import publish_reference_sets


def main(sets: dict[str, tuple[Path, Path]], folder: Path, done: Path) -> None:
    """
    Copy each of ``sets`` (name → npz, provenance) to ``folder``; list them in ``done``.
    """
    publish_reference_sets(sets, folder)
    done.write_text("".join(f"{name}\n" for name in sorted(sets)), encoding="utf-8")


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        {
            "methane": (Path(job.input.methane), Path(job.input.methane_provenance)),
            "minimol": (Path(job.input.minimol), Path(job.input.minimol_provenance)),
            "b8": (Path(job.input.b8), Path(job.input.b8_provenance)),
        },
        Path(job.params.resources),
        Path(job.output.done),
    )
