"""Drawings as SVG: a canvas, and what is drawn on it: networks, computation graphs, charts."""
