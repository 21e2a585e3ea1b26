"""Downloads from a server of the test's own: whole, broken, resumed, wrong; and mirror folders."""

import contextlib
import fcntl
import hashlib
import threading
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import requests

from rhobar.data import DownloadError, RemoteFile, Source, check, fetch, fetch_file
from rhobar.data.transfer import https_session

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
CHUNK = 1 << 16
HOST = "https://data.example"
FILE = RemoteFile("set.bin", urls=(f"{HOST}/set.bin",), size=len(CONTENT), sha256=SHA256)


@dataclass
class Behaviour:
    """What the server does, and what it was asked for."""

    content: bytes = CONTENT
    ranges: bool = True
    stop_after: list[int] = field(default_factory=list)  # bytes sent to request 0, 1, … before
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range
    redirect: str | None = None


class Handler(BaseHTTPRequestHandler):
    behaviour: Behaviour

    def log_message(self, *_):
        """Say nothing on standard error."""

    def do_GET(self):
        does, wanted = self.behaviour, self.headers.get("Range")
        does.asked.append((self.path, wanted))
        if does.redirect is not None:
            self.send_response(302)
            self.send_header("Location", does.redirect)
            self.end_headers()
            return
        if not self.path.startswith("/set.bin"):
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if not does.ranges:
            start = 0
        if start and start >= len(does.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(does.content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            end = len(does.content)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        body = does.content[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the client may have seen enough
            self.wfile.write(body[: does.stop_after.pop(0)] if does.stop_after else body)


class ToServer(requests.adapters.HTTPAdapter):
    """Answers for https://data.example from the local server."""

    def __init__(self, port):
        super().__init__()
        self.port = port

    def send(self, request, **arguments):
        local = request.copy()
        local.url = request.url.replace(HOST, f"http://127.0.0.1:{self.port}")
        response = super().send(local, **arguments)
        response.url, response.request = request.url, request
        return response


@pytest.fixture
def server():
    does = Behaviour()
    handler = type("HandlerOfOneTest", (Handler,), {"behaviour": does})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        does.port = running.server_address[1]
        yield does
        running.shutdown()
        thread.join()


@pytest.fixture
def session(server):
    with https_session() as opened:
        opened.trust_env = False
        opened.mount("https://", ToServer(server.port))
        yield opened


@pytest.fixture(autouse=True)
def _no_waiting_no_mirror(monkeypatch):
    monkeypatch.setattr("rhobar.data.transfer._WAIT", 0.0)
    monkeypatch.delenv("RHOBAR_MIRROR", raising=False)


def test_a_download_is_complete_and_leaves_nothing_else(server, session, tmp_path):
    path = fetch_file(FILE, tmp_path / "new" / "folder", session=session)
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == ["set.bin"]
    assert server.asked == [("/set.bin", None)]


def test_a_verified_file_is_not_fetched_again(server, session, tmp_path):
    fetch_file(FILE, tmp_path, session=session)
    fetch_file(FILE, tmp_path, session=session)
    assert len(server.asked) == 1


def test_md5_is_enough_where_it_is_all_there_is(session, tmp_path):
    only_md5 = replace(FILE, sha256=None, size=None, md5=MD5)
    assert fetch_file(only_md5, tmp_path, session=session).read_bytes() == CONTENT


def test_a_broken_connection_is_continued(server, session, tmp_path):
    server.stop_after = [16 * CHUNK, 8 * CHUNK]
    path = fetch_file(FILE, tmp_path, session=session)
    assert path.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [
        None,
        f"bytes={16 * CHUNK}-",
        f"bytes={24 * CHUNK}-",
    ]


def test_an_interrupted_download_is_kept_and_resumed(server, session, tmp_path):
    server.stop_after = [6 * CHUNK, 0, 0, 0]
    with pytest.raises(DownloadError, match=r"set\.bin could not be downloaded.*Try again"):
        fetch_file(FILE, tmp_path, session=session)
    assert not (tmp_path / "set.bin").exists()
    assert (tmp_path / "set.bin.part").read_bytes() == CONTENT[: 6 * CHUNK]
    source = Source("s", "title", "qm9_npz", {"path": FILE})
    assert check(source, tmp_path)[0].state == "partial"
    path = fetch_file(FILE, tmp_path, session=session)
    assert path.read_bytes() == CONTENT
    assert server.asked[-1] == ("/set.bin", f"bytes={6 * CHUNK}-")
    assert not (tmp_path / "set.bin.part").exists()


def test_nothing_is_kept_of_nothing(server, session, tmp_path):
    server.stop_after = [0, 0, 0, 0]
    with pytest.raises(DownloadError, match="could not be downloaded"):
        fetch_file(FILE, tmp_path, session=session)
    assert len(server.asked) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_ranges_makes_it_start_over(server, session, tmp_path):
    server.ranges = False
    server.stop_after = [16 * CHUNK]
    path = fetch_file(FILE, tmp_path, session=session)
    assert path.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, f"bytes={16 * CHUNK}-"]


def test_a_complete_part_needs_no_request(server, session, tmp_path):
    (tmp_path / "set.bin.part").write_bytes(CONTENT)
    assert fetch_file(FILE, tmp_path, session=session).read_bytes() == CONTENT
    assert server.asked == []


def test_a_complete_part_of_unknown_size_is_recognised(server, session, tmp_path):
    (tmp_path / "set.bin.part").write_bytes(CONTENT)
    path = fetch_file(replace(FILE, size=None), tmp_path, session=session)
    assert path.read_bytes() == CONTENT
    assert server.asked == [("/set.bin", f"bytes={len(CONTENT)}-")]


@pytest.mark.parametrize("size", [len(CONTENT), None], ids=["known size", "unknown size"])
@pytest.mark.parametrize("kept", [len(CONTENT) // 2, len(CONTENT) + 5], ids=["short", "too long"])
def test_a_foreign_part_is_thrown_away(session, tmp_path, kept, size):
    (tmp_path / "set.bin.part").write_bytes(b"x" * kept)
    path = fetch_file(replace(FILE, size=size), tmp_path, session=session)
    assert path.read_bytes() == CONTENT


def test_a_wrong_file_is_replaced(session, tmp_path):
    (tmp_path / "set.bin").write_bytes(b"an older edition")
    assert fetch_file(FILE, tmp_path, session=session).read_bytes() == CONTENT


def refused(tmp_path, session, file=FILE, **arguments):
    """The error of a fetch that must fail; nothing may be left under the file's name."""
    with pytest.raises(DownloadError) as caught:
        fetch_file(file, tmp_path, session=session, doi="10.1/x", **arguments)
    assert not (tmp_path / file.name).exists()
    return str(caught.value)


def test_a_truncated_file_is_refused(server, session, tmp_path):
    server.content = CONTENT[:-1]
    message = refused(tmp_path, session)
    assert f"the server sent {len(CONTENT) - 1} bytes, expected {len(CONTENT)}" in message
    assert f"{HOST}/set.bin" in message
    assert "https://doi.org/10.1/x" in message
    assert str(tmp_path / "set.bin") in message
    assert list(tmp_path.iterdir()) == []


def test_a_longer_file_is_refused(server, session, tmp_path):
    server.content = CONTENT + b"!"
    message = refused(tmp_path, session)
    assert f"sent {len(CONTENT) + 1} bytes, expected {len(CONTENT)}" in message


@pytest.mark.parametrize("file", [FILE, replace(FILE, sha256=None, md5=MD5)], ids=["sha256", "md5"])
def test_a_corrupted_file_is_refused(server, session, tmp_path, file):
    server.content = CONTENT[:1000] + bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:]
    message = refused(tmp_path, session, file)
    assert file.checksum in message
    found = hashlib.new(file.checksum.split(":")[0], server.content).hexdigest()
    assert found in message
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_reported(server, session, tmp_path):
    file = replace(FILE, urls=(f"{HOST}/gone.bin",))
    assert "404" in refused(tmp_path, session, file)
    assert len(server.asked) == 1


def test_the_second_address_is_tried(server, session, tmp_path):
    file = replace(FILE, urls=(f"{HOST}/gone.bin", f"{HOST}/set.bin"))
    assert fetch_file(file, tmp_path, session=session).read_bytes() == CONTENT
    assert [path for path, _ in server.asked] == ["/gone.bin", "/set.bin"]


def test_http_is_refused():
    with pytest.raises(ValueError, match="not an https address"):
        RemoteFile("set.bin", urls=("http://data.example/set.bin",))


def test_the_default_session_cannot_open_http(server):
    with https_session() as opened, pytest.raises(requests.exceptions.InvalidSchema):
        opened.get(f"http://127.0.0.1:{server.port}/set.bin")
    assert server.asked == []


def test_a_redirection_to_http_is_refused(server, session, tmp_path):
    server.redirect = f"http://127.0.0.1:{server.port}/set.bin"
    assert "http://127.0.0.1" in refused(tmp_path, session)
    assert len(server.asked) == 1


def test_a_lax_session_is_not_followed_to_http(server, session, tmp_path):
    """A session of the user's own may know http; what arrives that way is not used."""
    server.redirect = f"http://127.0.0.1:{server.port}/set.bin"
    session.mount("http://", Unredirected(server))
    assert "which is not https; refused" in refused(tmp_path, session)


class Unredirected(requests.adapters.HTTPAdapter):
    """Lets the server answer, from the second request on, with the file."""

    def __init__(self, does):
        super().__init__()
        self.does = does

    def send(self, request, **arguments):
        self.does.redirect = None
        return super().send(request, **arguments)


def test_without_a_checksum_nothing_is_downloaded(server, session, tmp_path):
    file = replace(FILE, sha256=None)
    message = refused(tmp_path, session, file)
    assert "no known checksum" in message
    assert server.asked == []
    source = Source("s", "title", "qm9_npz", {"path": file})
    paths = fetch(source, tmp_path, checksums={"set.bin": SHA256}, session=session)
    assert paths["path"].read_bytes() == CONTENT


def test_two_processes_do_not_write_one_file(session, tmp_path):
    with (tmp_path / "set.bin.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "another process is downloading" in refused(tmp_path, session)


def test_a_folder_that_cannot_be_made_is_reported(session, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="cannot be stored"):
        fetch_file(FILE, tmp_path / "file" / "folder", session=session)


class TestMirror:
    """A folder with copies; no test here reaches the server."""

    file = replace(FILE, mirror="sets/set.bin")

    @pytest.fixture
    def mirror(self, tmp_path):
        (tmp_path / "mirror" / "sets").mkdir(parents=True)
        (tmp_path / "mirror" / "sets" / "set.bin").write_bytes(CONTENT)
        return tmp_path / "mirror"

    def test_its_copy_is_used(self, server, session, mirror, tmp_path):
        path = fetch_file(self.file, tmp_path / "data", mirror=mirror, session=session)
        assert path.read_bytes() == CONTENT
        assert not path.is_symlink()
        assert server.asked == []

    def test_the_environment_names_it(self, server, session, mirror, tmp_path, monkeypatch):
        monkeypatch.setenv("RHOBAR_MIRROR", str(mirror))
        fetch_file(self.file, tmp_path / "data", session=session)
        assert server.asked == []

    def test_a_file_at_its_top_is_found(self, server, session, mirror, tmp_path):
        (mirror / "sets" / "set.bin").rename(mirror / "set.bin")
        fetch_file(self.file, tmp_path / "data", mirror=mirror, session=session)
        assert server.asked == []

    def test_what_it_lacks_is_downloaded(self, server, session, mirror, tmp_path):
        (mirror / "sets" / "set.bin").unlink()
        path = fetch_file(self.file, tmp_path / "data", mirror=mirror, session=session)
        assert path.read_bytes() == CONTENT
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (CONTENT[:-7], f"has {len(CONTENT) - 7} bytes, expected {len(CONTENT)}"),
            (CONTENT[::-1], f"expected {SHA256}"),
        ],
        ids=["truncated", "corrupted"],
    )
    def test_a_wrong_copy_is_refused(self, session, mirror, tmp_path, content, message):
        (mirror / "sets" / "set.bin").write_bytes(content)
        with pytest.raises(DownloadError, match="in the mirror folder") as caught:
            fetch_file(self.file, tmp_path / "data", mirror=mirror, session=session)
        assert message in str(caught.value)
        assert list((tmp_path / "data").iterdir()) == []

    def test_a_folder_that_is_not_there_is_refused(self, session, tmp_path):
        with pytest.raises(DownloadError, match=r"mirror folder .*nowhere does not exist"):
            fetch_file(self.file, tmp_path, mirror=tmp_path / "nowhere", session=session)

    def test_a_file_found_only_in_mirrors(self, mirror, tmp_path):
        file = replace(self.file, urls=())
        assert fetch_file(file, tmp_path / "data", mirror=mirror).read_bytes() == CONTENT
        with pytest.raises(DownloadError, match=r"mirror folders only\. Set RHOBAR_MIRROR"):
            fetch_file(file, tmp_path / "other")


def test_check_tells_the_states_apart(session, tmp_path):
    source = Source("s", "title", "qm9_npz", {"path": FILE})
    assert [(s.name, s.state) for s in check(source, tmp_path)] == [("set.bin", "missing")]
    fetch(source, tmp_path, session=session)
    assert [(s.name, s.state) for s in check(source, tmp_path)] == [("set.bin", "ok")]
    (tmp_path / "set.bin").write_bytes(CONTENT[:-1])
    (status,) = check(source, tmp_path)
    assert status.state == "wrong"
    assert str(len(CONTENT)) in status.detail


@pytest.mark.mirror
def test_the_mirror_serves_a_catalogued_set(mirror, tmp_path):
    from rhobar.data import catalogue

    source = catalogue()["random-methane"]
    paths = fetch(source, tmp_path, mirror=mirror)
    assert paths["path"].stat().st_size == 839_909
    assert [status.state for status in check(source, tmp_path)] == ["ok"]
