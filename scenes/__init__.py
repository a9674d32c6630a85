"""The course: one folder a chapter, one file a scene. The list is the order of the chapters."""

chapters = [
    "introduction",
    "representations",
    "activations",
    "costs",
    "optimization",
    "convolutional",
    "language_models",
    "graphs",
    "vaes",
    "diffusion",
]
