"""One file of a public data set, verified."""

from pathlib import Path

from job import begin
from rhobar.data import catalogue, fetch_file


def main(path: Path, mirror: str | None) -> None:
    """
    Bring the catalogued file called like ``path`` to ``path``.

    :param mirror: folder with copies of public data; None: the one RHOBAR_MIRROR names, if any
    :raises ValueError: if no data set of the catalogue has such a file
    """
    for source in catalogue().values():
        for file in source.files.values():
            if file.name == path.name:
                fetch_file(file, path.parent, mirror=mirror, doi=source.doi)
                return
    raise ValueError(f"no data set of the catalogue has a file {path.name}.")


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output[0]), job.params.mirror)
