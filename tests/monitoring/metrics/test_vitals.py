import pytest
from django.test import Client
from prometheus_client.registry import REGISTRY


def post(client: Client, body: bytes | str, **headers: str) -> int:
    return client.post(
        "/vitals/", data=body, content_type="text/plain", headers={"sec-fetch-site": "same-origin"} | headers
    ).status_code


def noted(name: str, route: str) -> float:
    return REGISTRY.get_sample_value(f"awning_web_{name}_count", {"route": route}) or 0.0


def test_a_report_is_noted_under_the_route_of_its_path(client: Client) -> None:
    before = noted("largest_contentful_paint_seconds", "p/<slug:slug>/")
    body = '{"path": "/p/some-vase/", "lcp": 1200, "cls": 0.02, "inp": 90}'
    assert post(client, body) == 204
    assert noted("largest_contentful_paint_seconds", "p/<slug:slug>/") == before + 1
    assert noted("cumulative_layout_shift_ratio", "p/<slug:slug>/") > 0
    assert noted("interaction_to_next_paint_seconds", "p/<slug:slug>/") > 0


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "null", "{", "{}", '{"path": 3}', '{"path": "https://other.example/"}', '{"path": "/", "lcp": "1"}',
        '{"path": "/", "lcp": -1}', '{"path": "/", "lcp": 1e9}', '{"path": "/", "lcp": NaN}', '{"path": "/", "cls": 11}',
        '{"path": "/", "inp": true}', '{"path": "/", "inp": Infinity}', '{"path": "/", "who": "me"}', "[" * 900,
        '{"path": "/%s"}' % ("x" * 500), b"\xff\xfe",
    ],
)  # fmt: skip
def test_what_our_script_would_not_send_is_refused(client: Client, body: str | bytes) -> None:
    assert post(client, body) == 400


def test_a_long_body_is_not_read_to_its_end(client: Client) -> None:
    assert post(client, b" " * 5_000) == 413


def test_other_sites_and_bare_programs_are_refused(client: Client) -> None:
    body = '{"path": "/", "lcp": 1200}'
    for site in ("cross-site", "same-site", "none"):
        assert post(client, body, **{"sec-fetch-site": site}) == 403
    assert client.post("/vitals/", data=body, content_type="text/plain").status_code == 403
    other = client.post("/vitals/", data=body, content_type="text/plain", headers={"origin": "https://evil.example"})
    assert other.status_code == 403
    own = client.post("/vitals/", data=body, content_type="text/plain", headers={"origin": "http://testserver"})
    assert own.status_code == 204


def test_nothing_but_post(client: Client) -> None:
    assert client.get("/vitals/").status_code == 405


def test_invented_paths_share_one_series(client: Client) -> None:
    def series() -> int:
        paint = REGISTRY.restricted_registry(["awning_web_largest_contentful_paint_seconds_count"])
        return sum(len(family.samples) for family in paint.collect())

    post(client, '{"path": "/none/0", "lcp": 1}')
    before = series()
    for number in range(200):
        assert post(client, f'{{"path": "/none/{number}", "lcp": 1}}') == 204
    assert series() == before


def test_a_report_needs_no_session_and_sets_none(client: Client) -> None:
    """No database mark on this test: touching the database would fail it."""
    response = client.post(
        "/vitals/",
        data='{"path": "/", "lcp": 1}',
        content_type="text/plain",
        headers={"sec-fetch-site": "same-origin"},
    )
    assert not response.cookies
