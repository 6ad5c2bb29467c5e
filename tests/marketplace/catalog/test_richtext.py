import pytest

from marketplace.catalog.richtext import plain, sanitised


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<p onclick='x()'>Hi <b>you</b></p>", "<p>Hi <b>you</b></p>"),
        ("<script>alert(1)</script><p>Hi</p>", "<p>Hi</p>"),
        ("<style>p{}</style><p style='color:red' class='x'>Hi</p>", "<p>Hi</p>"),
        ("<img src=x onerror=alert(1)>Hi", "Hi"),
        ("<iframe src='https://evil.example'></iframe><form><input></form><p>Hi</p>", "<p>Hi</p>"),
        ("<a href='javascript:alert(1)'>x</a>", '<a rel="nofollow noopener ugc">x</a>'),
        ("<a href='data:text/html,x'>x</a>", '<a rel="nofollow noopener ugc">x</a>'),
        ("<a href='https://a.example' target='_blank'>x</a>", '<a href="https://a.example" rel="nofollow noopener ugc">x</a>'),
        ("<svg><script>1</script></svg><math>x</math>", "x"),
        ("<p>a\x00b</p>", "<p>ab</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_only_harmless_tags_survive(given: str, kept: str) -> None:
    assert sanitised(given) == kept


def test_plain_text_becomes_paragraphs_and_keeps_its_signs() -> None:
    assert sanitised("Small & round, 3 < 4.\n\nOiled.") == "<p>Small &amp; round, 3 &lt; 4.</p>\n<p>Oiled.</p>"


@pytest.mark.parametrize(
    "text", ["<p>R&amp;D <b>x</b></p>", "Small & round\n\n2 < 3", "<ul><li>a</li></ul>", "a &amp; b"]
)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert sanitised(sanitised(text)) == sanitised(text)


def test_the_words_of_markup_in_one_line() -> None:
    assert plain("<p>Oak &amp; <b>ash</b>.</p><p>Oiled</p>") == "Oak & ash. Oiled"
    assert plain("<p>one two three four</p>", limit=10) == "one two…"
