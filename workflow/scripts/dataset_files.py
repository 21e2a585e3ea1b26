"""Which files a data set of the configuration is made from."""

from __future__ import annotations

from rhobar.data import catalogue

DOWNLOADS = "results/downloads"


def public_files() -> list[str]:
    """Names of all files of the catalogue."""
    return sorted({file.name for source in catalogue().values() for file in source.files.values()})


def dataset_files(dataset: str, source: str) -> dict[str, str]:
    """
    Role → path of the files of ``dataset``: the embedded one, or those the catalogue names.

    :raises ValueError: if ``source`` is neither ``"embedded"`` nor in the catalogue
    """
    if source == "embedded":
        return {"embedded": f"workflow/resources/{dataset}.npz"}
    known = catalogue()
    if source not in known:
        raise ValueError(
            f"datasets.{dataset}.source: no data set {source!r}; there are embedded, "
            f"{', '.join(known)}."
        )
    return {role: f"{DOWNLOADS}/{file.name}" for role, file in known[source].files.items()}
