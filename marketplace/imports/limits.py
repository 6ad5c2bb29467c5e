"""What one catalogue file may cost us; every cap is checked while streaming."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one file. Bytes are counted after decompression, characters after decoding."""

    file_bytes: int = 512 * MIB
    gzip_ratio: int = 200  # gzip itself reaches 1030:1; real exports stay below 60:1
    gzip_grace_bytes: int = MIB  # a tiny file may compress better than the ratio and harm nobody
    rows: int = 250_000
    columns: int = 1_000
    cell_chars: int = 256 * 1024
    record_chars: int = MIB
    record_lines: int = 20_000
    open_rows: int = 500  # each costs reading up to record_lines lines again
    product_rows: int = 2_500  # Shopify allows 2,048 variants and 250 pictures
    problems_kept: int = 1_000  # printed or stored; all of them are counted


DEFAULT_LIMITS = Limits()
