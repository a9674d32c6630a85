"""The signs and words for what is known of a scene, by its mark."""

MARKS = {"": "○", "run": "◐", "held": "●"}
MEANINGS = {"": "not yet seen to its end", "run": "seen to its end", "held": "all claims held once"}
