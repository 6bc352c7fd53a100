"""Sources → documents that may be trained on, and every other one with its reason."""
