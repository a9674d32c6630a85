"""The terminal interface: a browser of scenes, and the stage on which one runs."""
