"""Who shares a counter with whom, and that nobody else does."""

import pytest

from monitoring.limits.keys import CEILING, Who, account_of, masked, name, prefixes, subjects
from monitoring.requests.client_ip import believed, parsed

SECRET = b"0" * 32


def texts(address: str) -> list[str]:
    return [subject.text for subject in prefixes(address)]


def test_an_ipv4_address_stands_for_itself() -> None:
    assert texts("203.0.113.7") == ["203.0.113.7"]


def test_ipv6_counts_by_64_with_a_larger_ceiling_for_the_48() -> None:
    one, other = prefixes("2001:db8:1:2:aaaa::1"), prefixes("2001:db8:1:2:bbbb::9")
    assert one == other
    assert [(subject.text, subject.share) for subject in one] == [
        ("2001:db8:1:2::/64", 1),
        ("2001:db8:1::/48", CEILING),
    ]
    assert texts("2001:db8:1:3::1")[0] != one[0].text
    assert texts("2001:db8:1:3::1")[1] == one[1].text
    assert texts("2001:db8:2::1")[1] != one[1].text


@pytest.mark.parametrize("written", ["::ffff:{}", "::FFFF:{}", "64:ff9b::{}", "{}:4711", " {} "])
def test_ipv4_in_disguise_is_each_address_by_itself(written: str) -> None:
    """Masked as IPv6, all of them would be one bucket."""
    assert texts(written.format("203.0.113.7")) == ["203.0.113.7"]
    assert texts(written.format("203.0.113.8")) == ["203.0.113.8"]


def test_zones_and_ports_are_left_out() -> None:
    assert texts("fe80::1%eth0") == texts("fe80::1%eth1") == texts("[fe80::1]:443") == texts("fe80::1")


@pytest.mark.parametrize("address", ["", "unix:", "garbage", "1.2.3", "[::1", "[object Object]", "1.2.3.4%x.y"])
def test_an_unknown_address_is_nobody_and_not_everybody(address: str) -> None:
    if address == "1.2.3.4%x.y":
        assert str(parsed(address)) == "1.2.3.4"
    else:
        assert prefixes(address) == ()


def test_a_proxy_on_a_socket_is_believed_when_loopback_is_ours() -> None:
    from ipaddress import ip_network

    ours = [ip_network("127.0.0.0/8")]
    for remote in ("", "unix:", "unix:/run/hall.sock"):
        assert believed(remote=remote, forwarded_for="203.0.113.9", trusted=ours) == "203.0.113.9"
        assert believed(remote=remote, forwarded_for="6.6.6.6, 203.0.113.9, 127.0.0.1", trusted=ours) == "203.0.113.9"
        assert believed(remote=remote, forwarded_for="", trusted=ours) == ""
        assert believed(remote=remote, forwarded_for="203.0.113.9", trusted=[]) == ""
    assert believed(remote="127.0.0.1", forwarded_for="[2001:db8::5]:443", trusted=ours) == "2001:db8::5"


def test_the_key_of_a_client_is_the_user_else_the_network() -> None:
    assert [subject.text for subject in subjects("client", Who("203.0.113.7", user="5"))] == ["user:5"]
    assert [subject.text for subject in subjects("client", Who("203.0.113.7"))] == ["203.0.113.7"]
    assert subjects("user", Who("203.0.113.7")) == ()
    assert subjects("account", Who("203.0.113.7")) == ()


@pytest.mark.parametrize(
    "typed", ["mira@example.test", " Mira@Example.TEST ", "ｍｉｒａ@example.test", "MIRA@EXAMPLE.TEST"]
)
def test_an_account_is_the_same_however_it_is_typed(typed: str) -> None:
    assert account_of(typed) == "mira@example.test"


def test_names_hold_nothing_personal_and_differ_per_tier_window_key_and_subject() -> None:
    made = {
        name(SECRET, tier, key, subject, seconds)
        for tier in ("sign-in", "letter")
        for key in ("account", "user")
        for subject in ("mira@example.test", "203.0.113.7")
        for seconds in (60, 900)
    }
    assert len(made) == 16
    assert not [text for text in made if "mira" in text or "203" in text]
    assert {len(text) for text in made} <= {len("limit:sign-in:60:") + 24 + extra for extra in range(-1, 2)}
    assert name(b"1" * 32, "letter", "account", "a", 60) != name(SECRET, "letter", "account", "a", 60)


def test_only_text_has_a_counter() -> None:
    with pytest.raises(TypeError, match="dict"):
        name(SECRET, "user", "user", {}, 60)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shared by everybody"):
        name(SECRET, "user", "user", "", 60)


def test_operators_see_networks_not_clients() -> None:
    assert masked("203.0.113.7") == "203.0.113.0/24"
    assert masked("2001:db8:1:2::5") == "2001:db8::/32"
    assert masked("") == "unknown"
