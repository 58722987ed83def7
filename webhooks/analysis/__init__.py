"""The analysis of one commit, in a child process with limits and without a token."""
