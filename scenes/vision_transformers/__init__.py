"""
# Vision Transformers
"""

scenes = {
    "An image as a sentence": (),
    "Pictures with captions": (),
}
