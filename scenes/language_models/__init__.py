"""
# Language models

A language model answers one question over and over: given what stands here, what comes next? It
never answers with a letter or a word, but with a probability for each. Everything else, from
autocompletion to a chat, is that answer asked again and again, with a rule that picks one symbol
at a time and writes it down.

The chapter grows such models from nothing, on one core, in a minute. They are small enough to look
into: every attention map fits on the screen, and so does the whole list of probabilities for the
next letter. And they are always held against something that needs no gradient at all: counting.

After it you should be able to predict

- what loss an untrained model starts with, and which losses are worth nothing because a table of
  counts reaches them;
- what happens if a model may see what it is to predict, and why the loss will not tell you;
- what temperature, top-k and top-p do to a list of probabilities, and which of them still means
  something when the model is unsure;
- why always taking the most probable symbol writes in circles.
"""

scenes = {
    "A text predicts itself": ("char_gpt", "both_directions", "masking", "fine_tuning"),
    "The task in the text": (),
    "Choosing the next token": (),
    "Pleasing a judge": ("reward_model", "leash"),
}
