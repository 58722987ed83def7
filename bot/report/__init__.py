"""What people and programs get to read: text for a terminal, JSON for tools, pages for `bot explain`."""
