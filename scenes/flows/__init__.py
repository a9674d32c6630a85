"""
# Normalizing flows
"""

scenes = {
    "The charge for squeezing": ("stretch",),
    "Maps that can be undone": (),
    "Flows in continuous time": (),
}
