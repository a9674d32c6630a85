"""The course: one folder a chapter, one file a scene. The list is the order of the chapters."""

chapters = [
    "introduction",
    "representations",
    "activations",
    "costs",
    "optimization",
    "normalization",
    "generalization",
    "dropout",
    "autoencoders",
    "convolutional",
    "recurrent",
    "transformers",
    "language_models",
    "transformer_advances",
    "graphs",
    "vaes",
    "diffusion",
]
