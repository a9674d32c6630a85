r"""
# Does the most probable word begin the most probable sentence?

A language model tells how probable each next word is. You want the most probable sentence. A
sentence's probability is a product:

    p = p(x₁) p(x₂|x₁) p(x₃|x₁ x₂) …

So take the largest factor at each step? That is **greedy search**. In the example "nice" is the
most probable word after "The", 0.5. But after "nice" all is open, and the best that follows has
0.4: together 0.2. "dog" has only 0.4, but then "has" is nearly certain, 0.9: together 0.36. A large
factor can lead to small ones, and greedy search can't go back.

To be sure you would try all: K words at each of N places make Kᴺ sentences, hopeless for 50,000
words. **Beam search** is the compromise. It keeps the B best beginnings, prolongs each by every
word, and keeps the B best of these. With B = 2 both "nice" and "dog" are alive when the second word
decides.

How much does it help? The curve counts over a thousand random trees of five words with four
choices each. Greedy finds the most probable sentence in half of them, two beams in three of four.
And in more than one tree of five the best sentence doesn't begin with the best word.

Beam search promises nothing for a single tree. More beams find the best more often, not always.

All that gives the most probable sentence. The other way to choose is to **sample**, to draw each
word by its probability; whether you want the most probable at all is the next page's question.

## Tomorrow

Decide first whether there is a right answer that should be probable, as in translation. If so, take
four to eight beams and compare with greedy. If not, sample.
"""

import torch

from dlplay import Float, Int, Scene, Try

TREES = 20  # drawn at a step
WORDS = "nice dog car", "woman house guy has runs and is drives turns"
EXAMPLE = ((0.5, 0.4, 0.1), (0.4, 0.3, 0.3, 0.9, 0.05, 0.05, 0.3, 0.5, 0.2))


class Tree(Scene):
    covers = ("Strategies for Next Token Sampling (overview)",)
    panels = {
        "one tree": "words with the probability of all up to there; bright: the best of its column",
        "searches": "what each found in this tree, and how many beginnings it tried",
        "over all trees": "how often the most probable sentence is found, and begins likewise",
    }
    claims = {
        "greedy_half": "greedy finds the most probable sentence in 0.42 to 0.55 of the trees",
        "beams_more": "the beams find it in over 0.2 more of the trees",
        "begins_elsewhere": "in 0.16 to 0.28 it doesn't begin with the most probable word",
        "example": "in the example the beams' sentence is over 1.5 times as probable as greedy's",
    }
    tries = (
        Try(
            "levels=3",
            "Sentences have three words, not five. In how many trees does greedy find the best?",
            ("fewer", "as many: half", "more: seven of ten"),
            right=3,
            breaks="greedy_half",
            why="There are fewer places to go wrong, and each wrong turn is final.",
        ),
        Try(
            "flatness=0.3",
            "The model is surer at each word: one of four has most of the probability. Is greedy "
            "safer?",
            ("yes", "no", "it makes no difference"),
            right=1,
            breaks=("greedy_half", "begins_elsewhere"),
            keeps="example",
            why="Where one word has nearly all, what comes later can hardly make up for taking "
            "another one.",
        ),
        Try(
            "beams=8",
            "Eight beginnings are kept, of a thousand at the end. How often is the best found?",
            ("as with two", "in nine of ten", "nearly always"),
            right=3,
            keeps=("beams_more", "greedy_half"),
            why="The best sentence's beginnings are rarely the best, but nearly always among the "
            "best eight. What falls further behind seldom comes back.",
        ),
        Try(
            "beams=1",
            "One beginning is kept. What search is that?",
            ("a random one", "greedy search", "the search through all"),
            right=2,
            breaks=("beams_more", "example"),
            keeps="greedy_half",
            why="Of all prolongations of one beginning the best is by the most probable word.",
        ),
    )
    quick = {"steps": 5}
    pace = 10

    tree = Int(1, min=1, max=1000, live=True, help="which is shown; 1 is the example")
    beams = Int(2, min=1, max=8, help="B, beginnings that are kept")
    levels = Int(5, min=2, max=6, help="N, words of a sentence")
    branches = Int(4, min=2, max=5, help="K, words to choose from")
    flatness = Float(
        1.0, min=0.3, max=3, log=True, help="small: one word has most; large: all alike"
    )
    steps = Int(50, min=5, max=500, log=True, help="times 20 random trees")

    def run(self, stage):
        gamma = torch.distributions.Gamma(torch.tensor(self.flatness), 1.0)

        def drawn():
            """For each level the ln p of the next words [TREES, Kˡ, K], from a flat Dirichlet."""
            K = self.branches
            parts = [gamma.sample((TREES, K**level, K)) for level in range(self.levels)]
            return [(x / x.sum(dim=2, keepdim=True)).log().to(stage.device) for x in parts]

        def search(tree, B):
            """The best of B beams: its ln p [trees], and the node it is at on each level."""
            node = torch.zeros(len(tree[0]), 1, dtype=torch.long, device=stage.device)  # [trees, B]
            score, looked = node.float(), 0
            for words in tree:
                K = words.shape[2]
                each = words.gather(1, node[:, :, None].expand(-1, -1, K))  # [trees, B, K]
                longer = (score[:, :, None] + each).flatten(1)
                looked += longer.shape[1]
                score, kept = longer.topk(min(B, longer.shape[1]), dim=1)
                node = node.gather(1, kept // K) * K + kept % K
            return score[:, 0], node[:, 0], looked

        def every(tree):
            """The ln p of all beginnings: for each level [trees, Kˡ⁺¹]."""
            found = [tree[0].flatten(1)]
            for words in tree[1:]:
                found.append((found[-1][:, :, None] + words).flatten(1))
            return found

        example = [
            torch.tensor(row, device=stage.device).reshape(1, -1, 3).log() for row in EXAMPLE
        ]
        kept_trees, counts, begun = [example], torch.zeros(3), 0

        def name_of(level, place, tree):
            """The word at a node; of a random tree a letter, a for the most probable one."""
            K = tree[0].shape[2]
            if level == 0:
                return "The"
            if tree is example:
                return WORDS[level - 1].split()[place]
            words = tree[level - 1][0, place // K]
            return "abcde"[(words > words[place % K]).sum()]

        def name(node, tree):
            """The sentence that ends at a node of the last level, and its nodes level by level."""
            K, N = tree[0].shape[2], len(tree)
            nodes = [node // K ** (N - 1 - level) for level in range(N)]
            words = [name_of(level, place, tree) for level, place in enumerate(nodes, start=1)]
            return " ".join(["The", *words]), nodes

        @stage.look(2)
        def look():
            tree = kept_trees[min(self.tree, len(kept_trees)) - 1]
            beginnings = every(tree)
            all_of_them = *beginnings[-1].max(dim=1), sum(row.shape[1] for row in beginnings)
            found = {"greedy": search(tree, 1), "beams": search(tree, self.beams)}
            found["most probable"] = all_of_them
            rows, ways = [], {}
            for called, (score, node, looked) in found.items():
                sentence, nodes = name(int(node), tree)
                rows.append((called, sentence, f"{score.exp().item():.3g}", looked))
                ways[called] = [(0, 0), *enumerate(nodes, start=1)]
            # Nodes (level, place): those on the ways, and all that could have come in their stead
            K, nodes = tree[0].shape[2], {(0, 0)}
            for level, place in {node for way in ways.values() for node in way[1:]}:
                nodes |= {(level, place // K * K + other) for other in range(K)}
            nodes = sorted(nodes)
            places, labels, values = [], [], []
            for level, place in nodes:
                beside = [other for other in nodes if other[0] == level]
                y = (beside.index((level, place)) + 0.5) / len(beside)
                places.append((level, -y))
                row = beginnings[level - 1][0]
                p = row[place].exp().item() if level else 1.0
                label = f"{name_of(level, place, tree)} {p:.2g}"
                ends = [called for called, way in ways.items() if way[-1] == (level, place)]
                labels.append(" ← ".join([label, ", ".join(ends)]) if ends else label)
                values.append((row[place] - row.max()).exp().item() if level else 1.0)
            edges = [(nodes.index((level - 1, place // K)), number)
                     for number, (level, place) in enumerate(nodes) if level]  # fmt: skip
            stage.graph(
                "one tree", places, edges, values=values, labels=labels,
                marked=[nodes.index(node) for node in ways["most probable"]],
            )  # fmt: skip
            stage.table("searches", ("search", "sentence", "probability", "tried"), rows)
            stage.headline(
                f"{rows[0][1]}: {rows[0][2]}; {rows[2][1]}: {rows[2][2]}; "
                f"greedy is right in {counts[0] / begun:.0%}"
            )

        stage.axes("over all trees", x="tree", y="share of trees")
        for _ in stage.loop(self.steps):
            trees = drawn()
            _, at = every(trees)[-1].max(dim=1)
            greedy, beams = search(trees, 1)[1] == at, search(trees, self.beams)[1] == at
            first = at // self.branches ** (self.levels - 1)
            alike = first == trees[0][:, 0].argmax(dim=1)
            counts += torch.stack([greedy, beams, alike]).sum(dim=1).cpu()
            begun += TREES
            kept_trees.append([words[:1] for words in trees])
            share = dict(zip(("greedy", "beams", "first word"), counts / begun, strict=True))
            stage.curve("over all trees", share, x=begun)

        with stage.probe():
            greedy, beams, alike = (counts / begun).tolist()
            stage.claim("greedy_half", greedy, within=(0.42, 0.55))
            stage.claim("beams_more", beams - greedy, above=0.2)
            stage.claim("begins_elsewhere", 1 - alike, within=(0.16, 0.28))
            ratio = search(example, self.beams)[0] - search(example, 1)[0]
            stage.claim("example", ratio.exp(), above=1.5)
