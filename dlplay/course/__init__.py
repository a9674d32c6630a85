"""Chapters and scenes as they lie in folders: found, described without importing, loaded."""
