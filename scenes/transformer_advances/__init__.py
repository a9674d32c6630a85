"""
# What made Transformers cheap

Writing long texts made memory the price of a Transformer. This chapter follows the bill: what is
kept while a text is written, how positions are told so that they also serve beyond the length of
training, and how keys and values are made smaller.
"""

scenes = {
    "What is kept": ("kv_cache", "shared_heads"),
    "Positions by turning": ("rope", "trained_short", "rope_stretch"),
    "A sketch is kept": ("latent_cache",),
}
