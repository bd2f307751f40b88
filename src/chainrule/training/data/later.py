"""Packages that are loaded when first used: what reads tables and images is slow to load."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chainrule.graph.errors import ChainruleError


class _Later:
    """A module in waiting."""

    def __init__(self, name: str, package: str) -> None:
        self._name, self._package = name, package

    def __getattr__(self, attribute: str) -> Any:
        try:
            module = import_module(self._name)
        except ImportError:
            what = f"the package {self._package}"
            raise ChainruleError(
                what, "a Python without it", "data", f"pip install {self._package}"
            ) from None
        found = getattr(module, attribute)
        setattr(self, attribute, found)
        return found


pa: Any = _Later("pyarrow", "pyarrow")
pc: Any = _Later("pyarrow.compute", "pyarrow")
pq: Any = _Later("pyarrow.parquet", "pyarrow")
pacsv: Any = _Later("pyarrow.csv", "pyarrow")
pil: Any = _Later("PIL.Image", "pillow")
pilops: Any = _Later("PIL.ImageOps", "pillow")
sklearn_sets: Any = _Later("sklearn.datasets", "scikit-learn")
