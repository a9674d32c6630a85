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
    "large_language_models",
    "vision_transformers",
    "transformer_advances",
    "graphs",
    "vaes",
    "flows",
    "diffusion",
]
