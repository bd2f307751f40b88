"""Expressions, ops, shapes and walks. The standard library only."""
