"""Runs in files: written as they go, kept in a library, read back."""
