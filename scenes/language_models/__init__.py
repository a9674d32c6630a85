"""
# Language models

A language model answers one question over and over: given what stands here, what comes next? It
answers with a probability for each token. Everything else, from autocompletion to a chat, is that
answer asked again and again, with a rule that picks one token and writes it down.

Here such models grow from nothing on one core, small enough to look into, and always beside what
needs no gradient at all: counting.

Begin with *What does a small GPT learn in a minute?* In the first part text is the teacher: read
from left to right, or both ways with words hidden, and what that is worth when labels are few. In
the second the task itself is text: named in a prompt, shown by examples, copied by two heads that
work together. In the third only the choice of the next token changes. The last part trains a model
to please a judge, and shows what the judge misses.

Afterwards you should be able to predict where a loss lies among tables of counts, what a reader of
one direction can't know, when more examples in a prompt help no more, which rule of choosing writes
in circles and which makes up words, and what fools a reward model.

Three things to do differently at work: draw the counts into the loss plot first; judge text by
several measures, never by its probability alone; watch the distance from the start beside the
reward.
"""

scenes = {
    "A text predicts itself": ("char_gpt", "both_directions", "masking", "fine_tuning"),
    "The task in the text": ("task_in_text", "shots", "induction"),
    "Choosing the next token": ("tree", "probable_text", "cut", "temperature"),
    "Pleasing a judge": ("reward_model", "leash"),
}
