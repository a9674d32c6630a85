"""
# Energy-based models

A network that answers a question gives one answer. An energy-based model does not answer: it gives
a number to each pair of question and answer, low where the two suit each other. To answer is then
to search for a low energy, and a question may have several answers, or none that is good.

Begin with *What if one question has three right answers?* The first part is about searching: what
an energy can say that a function cannot, how a surface becomes worthless, what descent finds. In
the second something is hidden that has to be searched for as well. The third asks how a surface is
learned: with the sum over all answers, with samples in its place, with short chains, with mere
comparisons, and at last without any wrong answers at all.

Afterwards you should be able to say when a regression must fail, what a falling loss does not
prove, why the sum Z explodes with the dimension and where it cancels, how short chains go wrong,
and what keeps an embedding from shrinking to a point.

Three things to do differently at work: compare the energy of random pairs with that of data; count
what a hidden variable can carry; plot the spread of an embedding, not its loss.
"""

scenes = {
    "Searching for answers": ("three_answers", "collapse", "descend"),
    "What is hidden": ("segment", "hidden_room"),
    "Learning an energy": ("price_of_z", "two_forces", "short_chains", "ratios"),
    "Embeddings": ("push_pull", "no_negatives"),
}
