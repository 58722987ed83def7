"""Logs are fetched with limits, without our tokens, and only from where they may come."""

from __future__ import annotations

import datetime
import gzip
import io
import ssl
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.webhooks.github.answers import Answer, Asked, serving
from webhooks.github import addresses, download
from webhooks.github.download import Limits
from webhooks.github.errors import Denied, Gone, Limited, Refused, Trouble

TOKEN = "ghs_" + "c4n4ry" * 6
DOING = "read the log of job 7 of owner/name"


def log(answer: Answer, limits: Limits = Limits(seconds=5)) -> str:
    with serving(lambda _: answer) as server:
        return download.log(f"{server.url}/log?sig={TOKEN}", DOING, "The store", limits, plain_http=True)


def test_plain_text_comes_back_redacted() -> None:
    assert log(Answer(200, f"\ufeff2026-11-29T11:00:00Z one\r\nSECRET_KEY={TOKEN}\r\n".encode())) == (
        "2026-11-29T11:00:00Z one\nSECRET_KEY=•••\n"
    )


def test_no_authorization_is_sent() -> None:
    with serving(lambda _: Answer(200, b"ok")) as server:
        download.log(f"{server.url}/log", DOING, "The store", plain_http=True)
    assert not {"authorization", "cookie"} & server.asked[0].headers.keys()


def test_archive_is_unpacked() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        made.writestr("deploy/2_Deploy.txt", f"==> boot\n{TOKEN}")
        made.writestr("deploy/1_Build.txt", "==> build")
    assert log(Answer(200, data.getvalue())) == "==> build\n==> boot\n•••\n"


def test_compressed_answer_is_undone() -> None:
    assert log(Answer(200, gzip.compress(b"hello\n" * 1000), {"content-encoding": "gzip"})) == "hello\n" * 1000


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(200, b"PK\x03\x04" + b"\0" * 50), "it is a damaged archive."),
        (Answer(200, b"xx", {"content-encoding": "gzip"}), "it is damaged."),
        (Answer(200, b"xx", {"content-encoding": "br"}), "it is compressed in a way that we did not ask for."),
        (Answer(302, b"", {"location": "https://elsewhere.example/"}), "The store sends us elsewhere."),
    ],
)
def test_what_can_t_be_read_is_refused(answer: Answer, sentence: str) -> None:
    with pytest.raises(Refused) as raised:
        log(answer)
    assert str(raised.value) == f"Can't {DOING}: {sentence}"


def test_large_archive_is_refused_before_it_is_whole() -> None:
    with pytest.raises(Refused, match="archive of more than 1,000 bytes"):
        log(Answer(200, b"PK\x03\x04" + b"\0" * 5000), Limits(archive=1000))


def test_long_log_is_cut_and_says_so() -> None:
    text = log(Answer(200, b"line\n" * 10_000), Limits(kept=1000))
    assert len(text) < 1100
    assert "bytes of this log are left out here" in text


def test_endless_log_is_not_read_to_its_end() -> None:
    def endless(file: Any) -> None:
        while True:
            file.write(b"line\n" * 10_000)

    text = log(Answer(200, endless), Limits(kept=1000, read=2_000_000, seconds=30))
    assert text.endswith("[this log is longer than what is read of it]\n")


def test_slow_log_ends_in_time() -> None:
    def slow(file: Any) -> None:
        for _ in range(100):
            file.write(b".")
            file.flush()
            time.sleep(0.05)

    before = time.monotonic()
    with pytest.raises(Trouble, match=r"took longer than 0\.3 seconds"):
        log(Answer(200, slow), Limits(seconds=0.3))
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(("status", "kind"), [(404, Gone), (410, Gone), (403, Denied), (500, Trouble), (429, Limited)])
def test_status_becomes_a_failure(status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind) as raised:
        log(Answer(status, TOKEN.encode()))
    assert TOKEN not in str(raised.value)


def test_store_that_is_not_there_is_trouble_without_its_address() -> None:
    with pytest.raises(Trouble) as raised:
        download.log(f"http://127.0.0.1:9/log?sig={TOKEN}", DOING, "The store", plain_http=True)
    assert str(raised.value) == f"Can't {DOING}: The store could not be reached."
    assert raised.value.__context__ is None


@pytest.mark.parametrize("url", ["http://store.example/log", "file:///etc/passwd", ""])
def test_only_https_is_asked(url: str) -> None:
    with pytest.raises(Refused, match="not https"):
        download.log(url, DOING, "The store")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the key and certificate of logs.example.com."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "logs.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("logs.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "logs.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def trusted(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def serves(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def loopback_counts_as_public(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let tests ask a server here under the name and port that a public one would have."""
    monkeypatch.setattr(addresses, "public", lambda address: True)
    return


class TestGuarded:
    """Addresses that anybody may have written."""

    HOSTS = ("logs.example.com", "other.example.com")

    def fetch(
        self, answer: Any, serves: ssl.SSLContext, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> tuple[str, list[Asked]]:
        place = addresses.place

        def moved(url: str, hosts: Any, resolved: Any) -> addresses.Place:
            return place(url.replace(f":{server.port}/", "/"), hosts, lambda host, port: ["127.0.0.1"])

        with serving(answer, serves) as server:
            monkeypatch.setattr(download, "place", moved)
            url = url.replace(".com/", f".com:{server.port}/", 1)
            return download.guarded_log(url, self.HOSTS, DOING, Limits(seconds=5), context=trusted), server.asked

    @pytest.mark.usefixtures("loopback_counts_as_public")
    def test_connection_goes_to_the_address_that_was_checked_under_the_host_s_name(
        self, serves: ssl.SSLContext, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        text, asked = self.fetch(
            lambda _: Answer(200, b"log\n"), serves, trusted, monkeypatch, "https://logs.example.com/a?b=c"
        )
        assert text == "log\n"
        assert asked[0].headers["host"] == "logs.example.com"
        assert (asked[0].path, asked[0].query) == ("/a", {"b": "c"})
        assert "authorization" not in asked[0].headers

    @pytest.mark.usefixtures("loopback_counts_as_public")
    def test_certificate_of_another_name_is_not_accepted(
        self, serves: ssl.SSLContext, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(Trouble, match=r"other\.example\.com could not be reached"):
            self.fetch(lambda _: Answer(200, b"log\n"), serves, trusted, monkeypatch, "https://other.example.com/a")

    @pytest.mark.usefixtures("loopback_counts_as_public")
    def test_redirect_within_the_host_is_followed(
        self, serves: ssl.SSLContext, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def answer(asked: Asked) -> Answer:
            return Answer(200, b"log\n") if asked.path == "/b" else Answer(307, b"", {"location": "/b"})

        assert self.fetch(answer, serves, trusted, monkeypatch, "https://logs.example.com/a")[0] == "log\n"

    @pytest.mark.usefixtures("loopback_counts_as_public")
    @pytest.mark.parametrize(
        "to",
        [
            "https://other.example.com/",
            "http://logs.example.com/",
            "https://evil.example/",
            "//evil.example/",
            "file:///etc/passwd",
            "/a",
        ],
    )
    def test_redirects_elsewhere_and_rings_are_not(
        self, to: str, serves: ssl.SSLContext, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[Asked] = []

        def answer(request: Asked) -> Answer:
            asked.append(request)
            return Answer(302, TOKEN.encode(), {"location": to})

        with pytest.raises(Denied, match="its address is not asked"):
            self.fetch(answer, serves, trusted, monkeypatch, "https://logs.example.com/a")
        assert len(asked) == (3 if to == "/a" else 1)

    def test_private_address_is_denied_and_nothing_is_sent(self) -> None:
        with serving(lambda _: Answer(200, b"inside")) as server, pytest.raises(Denied) as raised:
            download.guarded_log(f"https://logs.example.com/?sig={TOKEN}", self.HOSTS, DOING, resolved=lambda *_: ["127.0.0.1"])
        assert str(raised.value) == f"Can't {DOING}: its address is not asked (logs.example.com is in a private network)."
        assert not server.asked
