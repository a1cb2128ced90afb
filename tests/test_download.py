"""Data sets fetched from a server of our own: right and wrong files, and what is left when it goes wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from transformer.data import download, multi30k, shakespeare, tatoeba
from transformer.data.download import DATASETS, DownloadError, fetch

TEXT = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 4000
CAPTIONS = {"val.en": b"A dog.\nTwo cats.\n", "val.de": b"Ein Hund.\nZwei Katzen.\n"}
SENTENCES = {"deu": "Hallo.", "fra": "Salut !", "jpn": "こんにちは。"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive(member: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("_about.txt", "about")
        written.writestr(member, content)
    return file.getvalue()


def sentences(code: str, english: str = "Hi.") -> bytes:
    return archive(f"{code}.txt", f"{english}\t{SENTENCES[code]}\tCC-BY 2.0 (France)\n".encode())


class Home(ThreadingHTTPServer):
    """Serves what is in `files`; a function there answers by itself. `requests` are those that came."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.requests: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Home

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.server.requests.append(name)
        found = self.server.files.get(name)
        if found is None:
            self.send_error(404)
        elif callable(found):
            found(self)
        else:
            send(self, found)

    def log_message(self, *args: object) -> None:
        pass


def send(handler: BaseHTTPRequestHandler, content: bytes, promised: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(promised or len(content)))
    handler.end_headers()
    handler.wfile.write(content)


@pytest.fixture
def home(monkeypatch) -> Iterator[Home]:
    """A home for all data sets, in small."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    known = {
        "shakespeare": {"input.txt": sha256(TEXT)},
        "multi30k": {f"{k}.gz": sha256(v) for k, v in CAPTIONS.items()},
    }
    for name, files in known.items():
        monkeypatch.setitem(DATASETS, name, replace(DATASETS[name], files=files))
    with Home() as server:
        server.files = {"input.txt": TEXT}
        server.files |= {f"{name}.gz": gzip.compress(content) for name, content in CAPTIONS.items()}
        server.files |= {f"{code}-eng.zip": sentences(code) for code in SENTENCES}
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@pytest.mark.parametrize("name", DATASETS)
def test_what_is_fetched_can_be_read_and_is_fetched_once(name, home, tmp_path):
    directory = tmp_path / "new" / name
    paths = fetch(name, directory, base_url=home.url)
    assert [path.name for path in paths] == home.requests == list(DATASETS[name].files)
    assert names(directory) == {*home.requests} | ({"SHA256SUMS"} if name == "tatoeba" else set())
    read = {
        "tatoeba": lambda: {pair.other for pair in tatoeba.read_pairs(directory)} == {*SENTENCES.values()},
        "multi30k": lambda: len(multi30k.read_pairs(directory, "val", "de")) == 2,
        "shakespeare": lambda: shakespeare.read_text(directory) == TEXT.decode(),
    }
    assert read[name]()
    assert fetch(name, directory, base_url=home.url) == paths
    assert len(home.requests) == len(paths)  # no more than before


def test_a_gz_is_known_by_its_content_however_it_was_packed(home, tmp_path):
    (tmp_path / "val.en.gz").write_bytes(gzip.compress(CAPTIONS["val.en"], 1, mtime=7))
    home.files["val.de.gz"] = gzip.compress(CAPTIONS["val.de"], 0, mtime=9)
    fetch("multi30k", tmp_path, base_url=home.url)
    assert home.requests == ["val.de.gz"]


def broken_off(handler: BaseHTTPRequestHandler) -> None:
    send(handler, TEXT[: len(TEXT) // 2], promised=len(TEXT))
    handler.close_connection = True


FAILURES = {
    "nothing there": ("shakespeare", "input.txt", None, "the server answers 404 Not Found"),
    "another file": ("shakespeare", "input.txt", TEXT + b"x", f"SHA-256 of input.txt is {sha256(TEXT + b'x')}"),
    "half a file": ("shakespeare", "input.txt", broken_off, "the transfer broke off"),
    "no gz": ("multi30k", "val.en.gz", CAPTIONS["val.en"], "val.en.gz cannot be read"),
    "half a gz": ("multi30k", "val.en.gz", gzip.compress(TEXT)[:-20], "val.en.gz cannot be read"),
    "a page instead of a zip": ("tatoeba", "deu-eng.zip", b"<html>Sorry</html>", "deu-eng.zip cannot be read"),
    "half a zip": ("tatoeba", "deu-eng.zip", sentences("deu")[:-30], "deu-eng.zip cannot be read"),
    "another zip": ("tatoeba", "deu-eng.zip", sentences("fra"), "deu-eng.zip has no deu.txt in it"),
}


@pytest.mark.parametrize("there", [False, True], ids=["into nothing", "over an old file"])
@pytest.mark.parametrize("case", FAILURES)
def test_what_is_wrong_is_one_sentence_and_leaves_nothing(case, there, home, tmp_path):
    name, file, answer, message = FAILURES[case]
    home.files[file] = answer
    if there:
        (tmp_path / file).write_bytes(b"an old one, wrong as well")
    with pytest.raises(DownloadError) as caught:
        fetch(name, tmp_path, base_url=home.url)
    assert message in str(caught.value)
    assert f"{home.url}/{file}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value), "a file that is gone need not be named"
    if there:
        assert (tmp_path / file).read_bytes() == b"an old one, wrong as well"
    assert names(tmp_path) == ({file} if there else set())


def test_a_host_that_is_not_there(home, tmp_path):
    home.shutdown()
    home.server_close()
    with pytest.raises(DownloadError, match=r"there is no connection to the server: try again, or put input.txt into"):
        fetch("shakespeare", tmp_path, base_url=home.url)
    assert not names(tmp_path)


def test_a_broken_file_is_fetched_again_and_the_others_are_not(home, tmp_path):
    paths = fetch("multi30k", tmp_path, base_url=home.url)
    paths[0].write_bytes(paths[0].read_bytes()[:-9])
    home.requests.clear()
    fetch("multi30k", tmp_path, base_url=home.url)
    assert home.requests == [paths[0].name]
    assert gzip.decompress(paths[0].read_bytes()) == CAPTIONS["val.en"]


def test_what_was_fetched_before_a_failure_stays(home, tmp_path):
    del home.files["jpn-eng.zip"]
    with pytest.raises(DownloadError, match="404"):
        fetch("tatoeba", tmp_path, base_url=home.url)
    assert names(tmp_path) == {"deu-eng.zip", "fra-eng.zip", "SHA256SUMS"}
    home.files["jpn-eng.zip"] = sentences("jpn")
    home.requests.clear()
    fetch("tatoeba", tmp_path, base_url=home.url)
    assert home.requests == ["jpn-eng.zip"]


def test_tatoeba_published_anew_is_noticed(home, tmp_path):
    first = fetch("tatoeba", tmp_path, base_url=home.url)[0]
    old, new = (sentences("deu", english) for english in ("Hi.", "Hello."))
    record = tmp_path / "SHA256SUMS"
    assert f"{sha256(old)}  deu-eng.zip" in record.read_text().splitlines()
    home.files["deu-eng.zip"] = new
    fetch("tatoeba", tmp_path, base_url=home.url)
    assert first.read_bytes() == old, "what is there and right is not fetched again"

    first.unlink()
    with pytest.raises(DownloadError, match=f"is {sha256(new)}, expected was {sha256(old)}.*line from SHA256SUMS"):
        fetch("tatoeba", tmp_path, base_url=home.url)
    record.write_text("".join(line for line in record.open() if "deu" not in line))
    fetch("tatoeba", tmp_path, base_url=home.url)
    assert first.read_bytes() == new
    assert len(download.read_record(tmp_path)) == 3


def test_a_given_checksum_is_held_to(home, tmp_path):
    right, wrong = sha256(sentences("deu")), sha256(b"")
    with pytest.raises(DownloadError, match=wrong):
        fetch("tatoeba", tmp_path, base_url=home.url, sha256={"deu-eng.zip": wrong})
    assert not names(tmp_path)
    fetch("tatoeba", tmp_path, base_url=home.url, sha256={"deu-eng.zip": right.upper()})
    with pytest.raises(DownloadError, match=r"has no file 'deu.zip' to check: it has deu-eng.zip, fra-eng.zip"):
        fetch("tatoeba", tmp_path, base_url=home.url, sha256={"deu.zip": right})


def test_a_full_disk(home, tmp_path):
    resource = pytest.importorskip("resource")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))  # a file can grow no longer, as on a full disk
    try:
        with pytest.raises(DownloadError, match=rf"{tmp_path} cannot be written to: File too large"):
            fetch("shakespeare", tmp_path, base_url=home.url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert not names(tmp_path)


def test_a_directory_that_cannot_be_made(home, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match=r"file/data cannot be written to: Not a directory"):
        fetch("shakespeare", tmp_path / "file" / "data", base_url=home.url)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_ctrl_c_leaves_nothing(home, tmp_path):
    stopped = threading.Event()

    def interrupt(handler: BaseHTTPRequestHandler) -> None:
        send(handler, TEXT[:100_000], promised=len(TEXT))
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        stopped.wait(10)

    home.files["input.txt"] = interrupt
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs with & ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            fetch("shakespeare", tmp_path, base_url=home.url)
    finally:
        signal.signal(signal.SIGINT, before)
        stopped.set()
    assert not names(tmp_path)


def test_progress_is_a_line_a_file_where_there_is_no_terminal(home, tmp_path, capsys):
    fetch("shakespeare", tmp_path, base_url=home.url, progress=True)
    assert capsys.readouterr() == ("", "input.txt  0.2 of 0.2 MB\n")
    fetch("shakespeare", tmp_path / "again", base_url=home.url)
    assert capsys.readouterr() == ("", "")


def test_an_unknown_name_is_refused_with_the_choices(tmp_path):
    with pytest.raises(DownloadError, match=r"no data set 'wmt': choose one of tatoeba, multi30k, shakespeare"):
        fetch("wmt", tmp_path / "none")
    assert not names(tmp_path)


def test_fetching_needs_no_torch():
    code = "import sys, transformer.data.download; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
