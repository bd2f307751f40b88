"""Training: it takes expressions, leaves and arrays, and knows nothing of layers.

Read `objective` (what is minimised), `optimizers` (how a step changes a parameter), `epochs` (many steps as
one compiled function), `stepper` (how many of them in one call), then `loop`.
"""
