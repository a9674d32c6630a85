"""
# What made Transformers cheap

A Transformer that writes looks at all it has written, for each token anew. What does that cost, and
what can be spared without writing worse? Most of what changed in these models since 2019 answers
one of three bills: the work of a token, the memory of a text, the length that a model was made for.

Begin with *Why does a model that writes keep its keys?* It counts the work with and without a
cache, and what that costs in memory. The next page lets heads share their keys. The second part is
about places: what a model does past the length of its training texts, how a rotation tells how far
apart two words are, and how far that can be stretched on a finished model. The last page folds the
whole cache into a sketch, and shows why rotation stands in the way.

Afterwards you should be able to predict the size of a cache from four numbers of a model, what
becomes of its loss when heads are cut, which positions go on beyond the training length and which
don't, and which short texts pay for it.

Three things to do differently at work: add up weights and cache before you serve a model; draw the
loss by place past the training length before you promise a context; compare kinds of attention by
numbers kept a token and by loss, never by name.
"""

scenes = {
    "What is kept": ("kv_cache", "shared_heads"),
    "Places, and beyond": ("trained_short", "rope", "rope_stretch"),
    "A sketch is kept": ("latent_cache",),
}
