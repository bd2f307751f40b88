"""Code out: a derivation as a function in NumPy, JAX or PyTorch, without chainrule."""
