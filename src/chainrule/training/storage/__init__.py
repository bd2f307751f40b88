"""Files that keep what is learned: written whole or not at all, read only as they were written.

Read `atomic` (how a file is replaced), `tensors` (the format, safetensors, and its digest), then `strict_json`.
"""
