"""Sweeps in the interface: the dialog, the screen, and what they show."""
