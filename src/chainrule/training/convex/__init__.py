"""Minima of convex losses: L-BFGS and Newton's method over a loss expression of one example.

Read `objective` (the mean over many examples and its derivatives, compiled), `line_search`, then the two
methods `lbfgs` and `newton`, and `minimise`, which runs them. `metric` is what makes L-BFGS quick.
"""
