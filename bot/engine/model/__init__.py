"""The plain data that everything passes along: the tree, findings, targets; spans and splices of each format."""
