"""One file a platform: each turns config files into targets."""
