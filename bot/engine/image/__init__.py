"""The simulated build: context, instructions, file system, installs."""
