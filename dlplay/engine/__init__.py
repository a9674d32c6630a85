"""Runs scenes: in this process, or in a child process with controls; keeps their history."""
