"""Training: it takes expressions, leaves and arrays, and knows nothing of layers.

Read `objective` (what is minimised), `update` and `optimizers` (how a step changes a parameter), `epochs` (many
steps as one compiled function), `windows` (which examples the steps meet, in memory or read meanwhile), `stepper` (how
many steps in one call), then `loop`; beside it stand `schedules` (learning rates), `stopping` (when to end) and
`divergence` (where numbers stop being finite).
"""
