"""Files that keep what is learned: written whole or not at all, read with every byte accounted for.

Read `atomic` (how a file is replaced), `tensors` (the format, safetensors, and its digest), then `strict_json`.
"""
