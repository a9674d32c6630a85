"""
# Large language models
"""

scenes = {
    "More of the same": (),
    "Parts that work together": (),
    "Written steps": ("working", "faithful"),
}
