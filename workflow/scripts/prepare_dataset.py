"""A data set in the one form that every rule reads."""

import logging
from pathlib import Path

from job import begin
from rhobar.data import catalogue, read_source, save_prepared

LOGGER = logging.getLogger(__name__)


def main(files: dict[str, Path], prepared: Path, dataset: str, source: str) -> None:
    """
    Read ``dataset`` from ``files`` and write it to ``prepared``.

    :param files: role of each file → where it is
    :param source: ``"embedded"``, then the file is the one this project made, or a name of the
        catalogue
    """
    if source == "embedded":
        from rhobar.data import load_embedded

        data = load_embedded(dataset, folder=files["embedded"].parent)
    else:
        data = read_source(catalogue()[source], files)
    LOGGER.info("%s: %d structures, dropped: %s", dataset, len(data), data.dropped or "none")
    save_prepared(data, prepared)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        {role: Path(path) for role, path in job.input.items()},
        Path(job.output.prepared),
        job.wildcards.dataset,
        job.params.source,
    )
