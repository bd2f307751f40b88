"""One file for each side: how it trains a Net, or predicts with it."""
