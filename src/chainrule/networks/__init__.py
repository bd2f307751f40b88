"""Networks: layers, initialisation, heads, and the class Network, which puts them together and trains.

Read `layers` (with `scope`, in which they are built), then `heads`, `assembly` and `network`.
"""
