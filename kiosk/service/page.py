"""The A4 page by which somebody sees whether a report printer is well: its edges, its greys, fine lines, both scripts.

PDF 1.4 by hand, as ISO 32000-1 has it: one page, and fonts that every reader knows by name.
"""

from __future__ import annotations

import datetime as dt

WIDTH, HEIGHT = 595, 842            # A4, in points of 1/72 inch
EDGE = 28                           # points: 10 mm, the least that every printer can print to
GREYS = 10
OBJECTS = (
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 8 0 R "
    "/Resources << /Font << /L 4 0 R /C 5 0 R >> >> >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R "
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 >>",
    "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 "
    "/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>")


def sample(kiosk: str, printed_at: dt.datetime) -> bytes:
    """The page, as a PDF. `kiosk`: the machine's name, in ASCII."""
    contents = "\n".join((
        f"{EDGE} {EDGE} {WIDTH - 2 * EDGE} {HEIGHT - 2 * EDGE} re S",
        _line("C", 30, 700, "测试页 永国酬爱郁灵鹰袋"), _line("L", 24, 660, "Test page"),
        _line("L", 14, 630, f"{kiosk.encode('ascii', 'replace').decode()}  {printed_at:%Y-%m-%d %H:%M:%S}"),
        *(f"{at / GREYS:.1f} g {60 + at * 46} 520 46 70 re f" for at in range(GREYS)), "0 g",
        *(f"{(at + 1) * 0.25:.2f} w 60 {490 - at * 12} m 520 {490 - at * 12} l S" for at in range(8)),
        *(_line("L", size, 370 - 3 * at * size, "The quick brown fox 0123456789") for at, size in enumerate((6, 8, 10, 12))),
        *(_line("C", size, 240 - 3 * at * size, "检验报告 正常值 一二三四五六七八九十") for at, size in enumerate((8, 10, 12)))))
    stream = f"<< /Length {len(contents)} >>\nstream\n{contents}\nendstream"
    return _file((*OBJECTS, stream))


def _line(font: str, size: int, height: int, text: str) -> str:
    """A line of text, `height` points above the lower edge."""
    return f"BT /{font} {size} Tf 60 {height} Td <{text.encode('utf-16-be' if font == 'C' else 'ascii').hex()}> Tj ET"


def _file(objects: tuple[str, ...]) -> bytes:
    body, places = b"%PDF-1.4\n", list[int]()
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("ascii")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return body + (f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}"
                   f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n").encode("ascii")
