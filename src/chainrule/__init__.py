"""Neural networks that show their working."""
