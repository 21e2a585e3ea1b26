"""``rhobar data``: public data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

data_app = typer.Typer(
    help="Public data sets: what there is, bring it here, verify it.", no_args_is_help=True
)


@data_app.command("list")
def data_list() -> None:
    """
    Names, licences and titles of the data sets that can be fetched.

    Example: rhobar data list
    """
    from rhobar.data import catalogue

    for name, source in catalogue().items():
        typer.echo(f"{name:24} {source.kind:12} {source.licence:12} {source.title}")


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="As `rhobar data list` shows it.")],
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("data"),
    mirror: Annotated[
        Path | None, typer.Option(help="Folder with copies, looked at first. [env: RHOBAR_MIRROR]")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="Of a file whose publisher states no checksum.")
    ] = None,
) -> None:
    """
    Bring the files of a data set here and verify size and checksum.

    Example: rhobar data fetch random-methane --folder data
    """
    from rhobar.data import DownloadError, fetch

    source = _source(name)
    checksums = None if sha256 is None else {file.name: sha256 for file in source.files.values()}
    try:
        paths = fetch(source, folder, mirror=mirror, checksums=checksums)
    except DownloadError as error:
        raise ValueError(str(error)) from error
    for path in paths.values():
        typer.echo(str(path))


@data_app.command("check")
def data_check(
    name: Annotated[str, typer.Argument(help="As `rhobar data list` shows it.")],
    folder: Annotated[Path, typer.Option(help="Where the files are.")] = Path("data"),
) -> None:
    """
    Compare the files of a data set with their published size and checksum.

    Example: rhobar data check random-methane --folder data
    """
    from rhobar.data import check

    states = check(_source(name), folder)
    for state in states:
        typer.echo(f"{state.state:8} {state.name} {state.detail}".rstrip())
    if any(state.state != "ok" for state in states):
        raise ValueError(f"{name} in {folder} is not complete; run `rhobar data fetch {name}`.")


def _source(name: str) -> Any:
    """Entry of the catalogue by name."""
    from rhobar.data import catalogue

    known = catalogue()
    if name not in known:
        raise ValueError(f"no data set {name!r}; `rhobar data list` shows {', '.join(known)}.")
    return known[name]
