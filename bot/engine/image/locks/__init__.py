"""Lock files: which distributions, at which version, an install takes from them."""
