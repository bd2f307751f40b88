"""Pictures as addresses that hold the picture itself."""

from __future__ import annotations

import base64


def address(image: bytes | str) -> str:
    """A data: address of a PNG (bytes) or an SVG (text)."""
    if isinstance(image, str):
        return "data:image/svg+xml;base64," + base64.b64encode(image.encode()).decode()
    return "data:image/png;base64," + base64.b64encode(image).decode()
