"""
# Who keeps eight experts at work?

A larger feed-forward layer knows more, and each token pays for all of it. In a **mixture of
experts** the layer is there E times, and a **router** sends each token x to k of them (here one):

    p = softmax(W x + b)
    y = Σ pₑ · expertₑ(x)

p has a number for each expert, and the sum runs over those with the k largest pₑ. So all E are
stored, but only k are computed.

The router learns with the rest: where its choice did well, pₑ grows. But only who is asked learns.
An expert that is ahead gets more tokens, becomes better, and gets still more. Here expert 1 begins
with a head start in b. If nothing is done, some experts soon get nothing, and fill memory in vain.

What keeps them at work is a second loss, to which no answer is of any use:

    balance = E · Σ fₑ Pₑ

fₑ is the share of tokens that expert e got, Pₑ the mean of pₑ over all tokens. It is 1 if all get
the same, E if one gets all. fₑ only counts and has no gradient; through Pₑ the router gives less to
whoever has too much (Shazeer et al., 2017; in this form Fedus et al., 2021).

The tokens come from eight domains, each with a rule of its own; a blurred code says which. With
balance each expert takes one, though nobody told them. That's the data's doing: in language models
experts share out kinds of words rather than topics.

"8×7B" (Mixtral) isn't 56 billion weights: only feed-forward layers are there eight times. It stores
46.7 billion and uses 12.9 for a token.

## Tomorrow

Plot the load of each expert from the first step, not only the loss. Count stored weights and
multiplications a token apart: memory follows the first, time the second. Don't name experts by
topics before you have measured who gets what.
"""

import math

import torch
from torch import nn
from torch.nn.functional import gelu, one_hot

from dlplay import Float, Int, Scene, Try

DOMAINS, CODE, FEATURES = 8, 8, 16  # a token is the code of its domain, blurred, then features
D, OUT, HIDDEN = CODE + FEATURES, 8, 16  # numbers of a token, of its answer; an expert's units
R = 3  # mixtures of each kind, side by side
KINDS = ("with balance", "without")
DENSE = ("dense, same work", "dense, all weights")


class Experts(Scene):
    covers = ("Mixture of Experts",)
    panels = {
        "who gets what": "row: a domain; column: an expert; the share of its tokens that go there",
        "load": "tokens of each expert; 1 is its fair share, 0 an expert that is stored in vain",
        "error": "share of the answers' variance that is not explained; lower is better",
        "price": "in memory (stored) and in time (multiplications) for each token",
    }
    claims = {
        "busy": "with balance the least asked expert has over 0.5 of its fair share (median of 3)",
        "crowded": "without it the most asked one has over 3.3 fair shares",
        "cost": "without it the error is over 1.5 times as large",
        "domains": "with balance, who was asked tells the domain: over 0.85 of the information",
        "same_work": "its error is below 0.5 of that of a dense net of as many multiplications",
        "counted": "sent to its expert alone a token costs below 0.2 of a dense net of all weights",
    }
    tries = (
        Try(
            "head_start=0",
            "No expert has a head start. Without balance, what do the loads become?",
            ("even", "a few get nothing, others two shares", "one gets half of all, as before"),
            right=2,
            breaks=("crowded", "cost"),
            keeps=("busy", "domains"),
            why="Chance puts some ahead. One expert that serves two domains is nearly good enough, "
            "so the error hardly shows it: you must look at the loads.",
        ),
        Try(
            "top_k=2",
            "Each token goes to two experts. What becomes of the crowd without balance?",
            ("it grows", "it stays as it was", "it gets much smaller"),
            right=3,
            breaks=("crowded", "cost", "domains", "counted"),
            keeps="busy",
            why="Beside the favourite there is a second seat, and whoever has it learns. It costs "
            "twice the work, and an expert is no longer one domain's.",
        ),
        Try(
            "blur=3",
            "The domain's code is blurred beyond reading. What do the balanced experts become?",
            ("one domain each, as before", "idle, all but one", "busy, with a mix of domains"),
            right=3,
            breaks=("cost", "domains", "same_work"),
            keeps="busy",
            why="The balance term asks for equal shares of tokens, not for sense. A router can "
            "only sort by what it can read.",
        ),
        Try(
            "balance=0.01",
            "The balance term counts a twentieth of what it did. Is every expert still at work?",
            ("yes, its sign is what counts", "no, some get next to nothing", "only expert 1 is"),
            right=2,
            breaks="busy",
            why="Its pull must be stronger than what a better answer is worth. Too weak, it comes "
            "too late: who has learnt nothing has nothing to offer when it is asked.",
        ),
    )
    quick = {"steps": 10}

    balance = Float(0.2, min=0, max=1, live=True, help="weight of the balance term, where it is")
    head_start = Float(2, min=0, max=5, help="of expert 1: what its b begins with")
    top_k = Int(1, min=1, max=4, help="k, experts that a token goes to")
    experts = Int(8, min=4, max=12, help="E, experts of a mixture")
    blur = Float(0.3, min=0, max=3, help="standard deviation of what blurs the domain's code")
    steps = Int(500, min=10, max=5000, log=True, help="steps of 128 tokens, for all nets")

    def run(self, stage):
        E, k = self.experts, self.top_k
        inner, outer = torch.randn(DOMAINS, FEATURES, 32) / 2, torch.randn(DOMAINS, 32, OUT) / 4.7
        codes = torch.randn(DOMAINS, CODE)

        def drawn(count):
            """Tokens [count, D], the answers [count, OUT], the domains [count]."""
            domain, features = torch.randint(DOMAINS, (count,)), torch.randn(count, FEATURES)
            bent = torch.einsum("nf,nfh->nh", features, inner[domain]).tanh()
            y = torch.einsum("nh,nho->no", bent, outer[domain])
            code = codes[domain] + self.blur * torch.randn(count, CODE)
            parts = torch.cat([code, features], dim=1), y, domain
            return [part.to(stage.device) for part in parts]

        work = D * E + k * HIDDEN * (D + OUT)  # multiplications a token: the router's, k experts'
        widths = round(work / (D + OUT)), E * HIDDEN
        dense = [nn.Sequential(nn.Linear(D, w), nn.GELU(), nn.Linear(w, OUT)) for w in widths]
        dense = nn.ModuleList(dense).to(stage.device)
        mixtures = Mixtures(E, k, self.head_start).to(stage.device)
        optimizer = torch.optim.Adam([*mixtures.parameters(), *dense.parameters()])
        has_balance = torch.tensor([1.0, 0.0]).repeat(R).to(stage.device)  # with, without, with, …
        x_new, y_new, domains = drawn(1000)

        def judged():
            """Of new tokens: errors [R, 2], loads [R, 2, E], who gets what [R, 2, DOMAINS, E];
            errors of the dense nets [2]."""
            y, _, asked = mixtures(x_new)
            variance = (y_new - y_new.mean(dim=0)).square().mean()
            errors = (y - y_new).square().mean(dim=(1, 2)) / variance
            loads = asked.mean(dim=1) * E / k
            where = one_hot(domains, DOMAINS).float()
            gets = torch.einsum("nd,gne->gde", where, asked) / where.sum(dim=0)[:, None] / k
            plain = torch.stack([(net(x_new) - y_new).square().mean() for net in dense]) / variance
            return errors.view(R, 2), loads.view(R, 2, E), gets.view(R, 2, DOMAINS, E), plain

        @stage.look(20, mixtures, dense)
        def look():
            errors, loads, gets, plain = judged()
            middle = errors.argsort(dim=0)[R // 2]  # of each kind, the mixture that is shown
            shown = {kind: (middle[i], i) for i, kind in enumerate(KINDS)}
            maps = {kind: gets[at] for kind, at in shown.items()}
            stage.matrices("who gets what", maps, scales=dict.fromkeys(KINDS, (0, 1)))
            bars = {kind: loads[at] for kind, at in shown.items()}
            stage.bars("load", [str(e + 1) for e in range(E)], bars, lines={"fair share": 1})
            error = torch.cat([errors.median(dim=0).values, plain]).tolist()
            stage.curve("error", dict(zip(KINDS + DENSE, error, strict=True)))
            stored = [D * E + E + E * HIDDEN * (D + OUT + 1)] * 2
            stored += [w * (D + OUT + 1) + OUT for w in widths]
            paid = [work, work, *(w * (D + OUT) for w in widths)]
            rows = zip(KINDS + DENSE, stored, paid, [f"{e:.2f}" for e in error], strict=True)
            stage.table("price", ("net", "stored", "a token", "error"), list(rows))
            idle = [int((bars[kind] < 0.1).sum()) for kind in KINDS]
            stage.headline(
                f"idle experts: with balance {idle[0]}, without {idle[1]}; "
                f"error {error[0]:.2f}, {error[1]:.2f}"
            )

        stage.axes("error", y="share of variance")
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = 0.01 * min(1, (self.steps - step) / self.steps / 0.3)
            x, y, _ = drawn(128)
            said, p, asked = mixtures(x)
            f, P = asked.mean(dim=1) / k, p.mean(dim=1)  # [2R, E] each
            balance = E * (f * P).sum(dim=1)
            loss = (said - y).square().mean(dim=(1, 2)) + self.balance * has_balance * balance
            loss = loss.sum() + sum((net(x) - y).square().mean() for net in dense)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(mixtures, dense):
            errors, loads, gets, plain = judged()
            error = errors.median(dim=0).values
            stage.claim("busy", loads[:, 0].amin(dim=1).median(), above=0.5)
            stage.claim("crowded", loads[:, 1].amax(dim=1).median(), above=3.3)
            stage.claim("cost", error[1] / error[0], above=1.5)
            known = torch.stack([told(each) for each in gets[:, 0]])
            stage.claim("domains", known.median(), above=0.85)
            stage.claim("same_work", error[0] / plain[0], below=0.5)
            y, multiplied = mixtures.sent(0, x_new)
            stage.measure(difference=(y - mixtures(x_new)[0][0]).abs().max())
            paid = multiplied / len(x_new) / (widths[1] * (D + OUT))
            stage.claim("counted", paid, below=0.2)


class Mixtures(nn.Module):
    """R pairs of mixtures that begin alike: x [N, D] -> answers [2R, N, OUT], the router's p and
    who was asked, 1 or 0, [2R, N, E] each."""

    def __init__(self, E, k, head_start):
        super().__init__()
        self.k = k

        def pairs(*shape):
            weight = (2 * torch.rand(R, *shape) - 1) / shape[-2] ** 0.5
            return nn.Parameter(weight.repeat_interleave(2, dim=0))

        self.W, self.b = pairs(D, E), nn.Parameter(torch.zeros(2 * R, 1, E))
        self.b.data[..., 0] = head_start
        self.W_1, self.W_2 = pairs(E, D, HIDDEN), pairs(E, HIDDEN, OUT)
        self.b_1 = nn.Parameter(torch.zeros(2 * R, E, HIDDEN))

    def routed(self, x):
        p = (x @ self.W + self.b).softmax(dim=2)
        return p, torch.zeros_like(p).scatter(2, p.topk(self.k, dim=2).indices, 1.0)

    def forward(self, x):
        """In training all experts are computed, and those not asked are multiplied by 0."""
        p, asked = self.routed(x)
        h = gelu(torch.einsum("nd,gedh->gneh", x, self.W_1) + self.b_1[:, None])
        return torch.einsum("gneh,geho->gno", (p * asked)[..., None] * h, self.W_2), p, asked

    def sent(self, g, x):
        """The same for mixture g, each token computed by its experts alone; multiplications."""
        p, asked = (part[g] for part in self.routed(x))
        y, multiplied = x.new_zeros(len(x), OUT), x.shape[0] * self.W[g].numel()
        for e in range(asked.shape[1]):
            mine = asked[:, e].nonzero()[:, 0]
            h = gelu(x[mine] @ self.W_1[g, e] + self.b_1[g, e])
            y[mine] += p[mine, e, None] * (h @ self.W_2[g, e])
            multiplied += len(mine) * (self.W_1[g, e].numel() + self.W_2[g, e].numel())
        return y, multiplied


def told(gets):
    """How much of what there is to know of a domain an expert's number tells, by mutual
    information: 0 nothing, 1 all. Shares [DOMAINS, E], each row of sum 1."""
    joint = gets / DOMAINS
    apart = joint.sum(dim=0) * joint.sum(dim=1, keepdim=True)
    return (joint * (joint / apart.clamp(min=1e-9) + 1e-9).log()).sum() / math.log(DOMAINS)
