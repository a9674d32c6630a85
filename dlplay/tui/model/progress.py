"""The signs and words for what is known of a scene, by its mark."""

MARKS = {"": "○", "run": "◐", "held": "●"}
MEANINGS = {"": "never run", "run": "run", "held": "all claims held once"}
