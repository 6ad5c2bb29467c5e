from ipaddress import ip_network

import pytest

from monitoring.requests.client_ip import believed

OURS = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        # Nobody vouches for this header: it is the client's own invention.
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
        # Two proxies of ours, and in front of them whatever the client wrote.
        ("10.0.0.2", "1.2.3.4, 203.0.113.9, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.2", "garbage", "10.0.0.2"),
        ("10.0.0.2", "203.0.113.9, garbage", "10.0.0.2"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("::ffff:198.51.100.7", "", "198.51.100.7"),
        ("::ffff:10.0.0.2", "2001:db8::5", "2001:db8::5"),
        ("fd00::1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("unix:", "203.0.113.9", ""),
        ("", "", ""),
    ],
)
def test_only_our_proxies_are_believed(remote: str, forwarded: str, expected: str) -> None:
    assert believed(remote=remote, forwarded_for=forwarded, trusted=OURS) == expected


def test_without_proxies_the_header_is_never_read() -> None:
    assert believed(remote="10.0.0.2", forwarded_for="203.0.113.9", trusted=[]) == "10.0.0.2"
