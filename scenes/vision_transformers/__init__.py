"""
# Transformers that see

A Transformer was made for sentences. What has to be done to an image until it can read one, and
what does that cost? And when pictures and sentences are both rows of vectors, can one find the
other?

Begin with *How does an image become a sentence?* It cuts digits into patches, shows what is left
without positions, and draws what a table of learned positions has found out about places. The
second page puts a vision Transformer beside a convolutional net, with few images and with more. The
second part is about CLIP: two nets learn to bring a picture and its caption together, from nothing
but pairs. The last page asks such nets for mixtures that no caption ever named.

Afterwards you should be able to predict what shuffled patches do to an answer, when positions
become a map and when not, which of two designs to take with a hundred images, what fewer wrong
captions do to what is learned, and which unseen classes a sentence can find.

Three things to do differently at work: draw how alike the learned positions are before you trust a
vision Transformer on little data; compare designs at two sizes of data; before you collect labels,
write a sentence for each class, and test mixtures that training didn't hold apart from the others.
"""

scenes = {
    "An image as a sentence": ("patches", "data_hunger"),
    "Pictures with captions": ("matching", "zero_shot"),
}
