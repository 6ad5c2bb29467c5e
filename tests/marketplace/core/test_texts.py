import pytest

from marketplace.core.texts import one_line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Blue \t door\n", "Blue door"),
        ("a\x00b", "a b"),
        ("a\r\nBcc: b", "a Bcc: b"),
        ("\ud800x", "x"),
        ("日本\u3000語", "日本 語"),
        ("\x00", ""),
    ],
)
def test_one_line(typed: str, kept: str) -> None:
    assert one_line(typed) == kept
