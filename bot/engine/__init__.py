"""The simulated deploy: pure, no disk, no network, no clock, no environment."""
