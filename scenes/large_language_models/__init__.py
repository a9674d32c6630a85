"""
# Large language models

When a language model gets large, its recipe hardly changes: read, foretell the next token, be
corrected. What changes is the bill. This chapter asks what more of the same buys, and what can be
had otherwise: by parts that are not all used at once, by a library beside the weights, by steps
that are written down. All of it runs in seconds, each promise with the way in which it fails.

Begin with *Is a bigger model better?* It trains four sizes, and holds their reading equal or their
work. The next page shows how a score makes a leap out of a slope. In the second part a router picks
among experts, and has to be kept from picking the same ones; then a model may look up what it never
learnt. The last part lets a model write before it answers, and asks whether what it wrote was the
reason.

Afterwards you should be able to predict which size is best for a given budget, when a score will
leap, what a router does if nobody minds the loads, what a model says when its source is missing,
and when a false step on paper changes the answer.

Three things to do differently at work: fix the work before you compare sizes, and say what was
read; measure the parts apart, load by load, retrieval and reading; test an explanation by changing
it.
"""

scenes = {
    "More of the same": ("bigger", "sudden"),
    "Parts that work together": ("experts", "open_book"),
    "Written steps": ("working", "faithful"),
}
