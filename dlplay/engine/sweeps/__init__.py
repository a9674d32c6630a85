"""One parameter at several values: the runs, and what they found."""
