"""
# Normalizing flows
"""

scenes = {
    "The charge for squeezing": (),
    "Maps that can be undone": (),
    "Flows in continuous time": (),
}
