"""Only https addresses of allowed hosts in the public internet are asked."""

from __future__ import annotations

import pytest

from webhooks.github.addresses import Unallowed, known, place, public

HOSTS = ("logs.example.com", "*.deploys.example.org")


def found(*addresses: str):
    return lambda host, port: list(addresses)


@pytest.mark.parametrize(
    "url", ["https://logs.example.com/a?b=c", "https://LOGS.example.com:443/", "https://eu.deploys.example.org/x"]
)
def test_allowed_hosts_are_asked_at_the_address_that_was_looked_up(url: str) -> None:
    assert place(url, HOSTS, found("93.184.216.34", "2606:2800:220:1::1")).address == "93.184.216.34"


@pytest.mark.parametrize(
    "url",
    [
        "http://logs.example.com/",
        "file:///etc/passwd",
        "ftp://logs.example.com/",
        "//logs.example.com/",
        "https://logs.example.com:8443/",
        "https://logs.example.com:99999/",
        "https://user@logs.example.com/",
        "https://user:pass@logs.example.com/",
        "https://logs.example.com@evil.example/",
        "https://logs.example.com.evil.example/",
        "https://evil.example/logs.example.com",
        "https://evil.example#@logs.example.com/",
        "https://evil.example\\@logs.example.com/",
        "https://logs.example.com\n.evil.example/",
        "https://deploys.example.org/",
        "https://evildeploys.example.org/",
        "https://93.184.216.34/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://",
        "https://[/",
        "",
    ],
)
def test_everything_else_is_not(url: str) -> None:
    with pytest.raises(Unallowed):
        place(url, HOSTS, found("93.184.216.34"))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "198.18.0.1", "192.0.0.192",
        "168.63.129.16", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2001:0:53aa:64c:0:0:f5ff:fffe", "no address",
    ],
)  # fmt: skip
def test_private_addresses_are_not_asked(address: str) -> None:
    assert not public(address)
    with pytest.raises(Unallowed, match="private network"):
        place("https://logs.example.com/", HOSTS, found("93.184.216.34", address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are(address: str) -> None:
    assert public(address)


def test_host_without_an_address_is_not_asked() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(Unallowed, match="was not found"):
        place("https://logs.example.com/", HOSTS, fails)
    with pytest.raises(Unallowed, match="private network"):
        place("https://logs.example.com/", HOSTS, found())


def test_reason_holds_the_host_alone() -> None:
    with pytest.raises(Unallowed) as raised:
        place("https://evil.example/log?signature=secret", HOSTS, found("93.184.216.34"))
    assert str(raised.value) == "evil.example is not one of the allowed hosts"


@pytest.mark.parametrize("hosts", [(), ("",), ("*",), ("*.",), (".example.com",), ("example.com",)])
def test_careless_settings_allow_no_subdomain(hosts: tuple[str, ...]) -> None:
    assert not known("logs.example.com", hosts)
