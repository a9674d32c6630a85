"""
# Large language models
"""

scenes = {
    "More of the same": (),
    "Parts that work together": ("open_book",),
    "Written steps": ("working", "faithful"),
}
