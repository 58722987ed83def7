"""Everything that touches the world: the disk, git, settings files, the terminal."""
