"""The simulated boot: command, launcher, imports, routes."""
