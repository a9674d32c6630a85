"""
# Large language models
"""

scenes = {
    "More of the same": ("sudden",),
    "Parts that work together": ("experts",),
    "Written steps": (),
}
