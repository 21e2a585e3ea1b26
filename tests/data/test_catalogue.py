"""The catalogue: what ships with the package, and what is refused."""

import pytest

from rhobar.data import RemoteFile, catalogue

FILE = """
files:
  a.gz:
    urls: [https://example.org/a.gz]
    size: 3
    md5: 900150983cd24fb0d6963f7d28e17f72
datasets:
  letters:
    title: three letters
    reader: qm9_npz
    files: {path: a.gz}
"""


def written(tmp_path, text):
    path = tmp_path / "datasets.yaml"
    path.write_text(text)
    return path


def test_every_file_of_the_shipped_catalogue_can_be_verified():
    sources = catalogue()
    assert {"qm9", "qm9-npz", "random-methane", "random-methane-full"} <= set(sources)
    for source in sources.values():
        assert source.title
        assert source.licence
        assert source.doi
        for file in source.files.values():
            assert file.checksum is not None or source.name == "gold"  # a file of the user
            assert file.urls or file.mirror


def test_kinds_of_the_shipped_catalogue():
    kinds = {name: source.kind for name, source in catalogue().items()}
    assert kinds["qm9"] == kinds["random-methane-full"] == kinds["rmd17-uracil"] == "public"
    assert kinds["qm9-npz"] == kinds["random-methane"] == "mirror only"


def test_a_file_of_the_users_own(tmp_path):
    (source,) = catalogue(written(tmp_path, FILE)).values()
    assert source.name == "letters"
    assert source.files["path"].name == "a.gz"
    assert source.files["path"].urls == ("https://example.org/a.gz",)
    assert source.files["path"].checksum == "md5:900150983cd24fb0d6963f7d28e17f72"
    assert source.options == {}


def test_sha256_goes_before_md5():
    file = RemoteFile("a", sha256="0" * 64, md5="1" * 32)
    assert file.checksum == "sha256:" + "0" * 64
    assert RemoteFile("a").checksum is None


@pytest.mark.mirror
def test_the_mirror_holds_what_the_catalogue_says(mirror):
    manifest = {}
    for line in (mirror / "MANIFEST.txt").read_text().splitlines():
        sha256, md5, size, path = line.split()
        manifest[path] = (sha256, md5, int(size))
    files = {file for source in catalogue().values() for file in source.files.values()}
    # a file that the user brings has no checksum here
    checked = [file for file in files if file.mirror is not None and file.checksum is not None]
    assert len(checked) >= 10
    for file in checked:
        sha256, md5, size = manifest[file.mirror]
        assert (file.sha256, file.size) == (sha256, size)
        assert file.md5 in {None, md5}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("https://", "http://", r"files\.a\.gz: .*is not an https address"),
        ("https://", "ftp://", r"is not an https address"),
        ("md5: 9001", "md5: 90", "md5 must be 32 lower-case hexadecimal digits"),
        ("md5: ", "sha256: ", "sha256 must be 64"),
        ("size: 3", "bytes: 3", r"files\.a\.gz: .*unexpected keyword argument 'bytes'"),
        (
            "path: a.gz",
            "path: b.gz",
            r"datasets\.letters\.files\.path: no file 'b\.gz'",
        ),
        ("files: {path: a.gz}", "", r"datasets\.letters: names no files"),
        ("title: three letters", "", r"datasets\.letters: .*missing.*'title'"),
        ("a.gz:\n", "../a.gz:\n", "must not contain a folder"),
        (
            "    size: 3",
            "    mirror: ../a.gz",
            "must be a path inside the mirror folder",
        ),
        ("datasets:", "sets:", "expected the sections 'files' and 'datasets'"),
        ("  letters:", "  letters: [", "is not valid YAML"),
    ],
)
def test_refusals_name_the_entry(tmp_path, old, new, message):
    assert old in FILE
    with pytest.raises(ValueError, match=message):
        catalogue(written(tmp_path, FILE.replace(old, new)))
