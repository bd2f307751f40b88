"""KaTeX is whole, unchanged, and a page that carries it loads nothing."""

import base64
import re
from hashlib import sha256

import pytest

from chainrule.documents.katex import ASSETS, RARE_FACES, RARE_FAMILIES, inline_assets

FACES = sorted(font.name.removesuffix(".woff2") for font in (ASSETS / "fonts").iterdir())
EMBEDDED = re.compile(r"url\(data:font/woff2;base64,([A-Za-z0-9+/=]+)\)")


def test_the_files_are_those_of_the_package():
    fonts = b"".join((ASSETS / "fonts" / f"{face}.woff2").read_bytes() for face in FACES)
    sums = [sha256(content).hexdigest() for content in (program(), style(), fonts)]
    readme = (ASSETS / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\|.*`([0-9a-f]{64})` \|$", readme, flags=re.MULTILINE) == sums
    assert "The MIT License" in (ASSETS / "LICENSE").read_text(encoding="utf-8")


def test_readme_and_program_name_the_same_version():
    version = re.search(rb'version:"([\d.]+)"', program())
    assert version is not None
    assert f"KaTeX {version[1].decode()}," in (ASSETS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("every_font", [False, True])
def test_a_page_loads_nothing(every_font):
    css, js = inline_assets(every_font=every_font)
    assert set(re.findall(r"url\((.{5})", css)) == {"data:"}
    assert "@import" not in css
    assert "sourceMappingURL" not in js


@pytest.mark.parametrize("every_font", [False, True])
def test_text_stays_inside_its_element(every_font):
    css, js = inline_assets(every_font=every_font)
    assert "</style" not in css.lower()
    assert "</script" not in js.lower()
    assert "<!--" not in js
    assert js.isascii()
    assert css.isascii()


def test_fonts_are_embedded_unchanged():
    css, _ = inline_assets(every_font=True)
    embedded = {base64.b64decode(font) for font in EMBEDDED.findall(css)}
    assert embedded == {(ASSETS / "fonts" / f"{face}.woff2").read_bytes() for face in FACES}
    assert css.count("@font-face") == len(FACES) == 20


def test_rare_fonts_stay_at_home_and_no_rule_asks_for_them():
    css, _ = inline_assets()
    rare = [face for face in FACES if face in RARE_FACES or face.partition("-")[0] in RARE_FAMILIES]
    assert css.count("@font-face") == len(FACES) - len(rare)
    assert RARE_FACES < set(FACES)
    for family in RARE_FAMILIES:
        assert family in style().decode()
        assert family not in css


def test_the_faces_of_the_notes_are_there():
    css, _ = inline_assets()
    declared = set(re.findall(r"@font-face\{[^}]*?font-family:(\w+)", css))
    assert {
        f"KaTeX_{family}" for family in ("Main", "Math", "AMS", "Caligraphic", "Size1", "Size4")
    } <= declared


def test_nothing_else_of_the_style_sheet_changes():
    def without_fonts(css):
        css = re.sub(r"@font-face\{[^}]*\}", "", css)
        for family, instead in RARE_FAMILIES.items():
            css = re.sub(rf"font-family:({family}|{instead})\b", "font-family:rare", css)
        return css

    assert without_fonts(inline_assets()[0]) == without_fonts(style().decode())


def test_a_page_stays_small():
    assert sum(map(len, inline_assets())) < 550_000


def test_it_is_read_once():
    assert inline_assets() is inline_assets()


def program():
    return (ASSETS / "katex.min.js").read_bytes()


def style():
    return (ASSETS / "katex.min.css").read_bytes()
