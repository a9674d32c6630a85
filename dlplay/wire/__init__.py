"""What travels between a run and whoever watches it: events one way, commands the other."""
