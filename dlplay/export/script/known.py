"""What is known of the functions and methods that scenes call. What is not listed stays."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Calls of the stage that show something; `curve` also ends a run that has diverged.
SHOWN = _words(
    """axes bars curve events graph heatmap histogram image matrices plane plot spread stack table
    text tokens watch"""
)
ASKED = frozenset({"every", "changed", "probe", "each"})  # and those that answer, change nothing

# Our own parts that leave everything as they found it.
QUIET = frozenset({"attention_maps", "layout"})
QUIET_MODELS = frozenset({"SelfAttention"})  # keeps its maps while attention_maps looks

# Methods that others call: torch, or whoever runs the scene.
CALLED = _words("run forward backward setup_context jvp vmap step extra_repr")

BUILTINS = _words(
    """embedded abs all any bool complex dict divmod enumerate filter float format frozenset getattr
    hasattr hash int isinstance len list map max min ord chr pow range repr reversed round set slice
    sorted str sum tuple type zip"""
)
LIBRARIES = _words(
    """torch numpy math itertools functools operator collections copy statistics string re
    networkx random io gzip json zlib base64 csv"""
)
CHANGING = (
    "torch.nn.init", "torch.nn.utils", "torch.random", "torch.manual_seed", "torch.seed",
    "torch.set", "torch.use", "torch.backends", "torch.cuda", "torch.autograd", "torch.save",
    "numpy.put", "numpy.copyto", "numpy.fill", "numpy.save", "numpy.random.seed",
    "numpy.random.set", "random.seed", "random.setstate", "random.shuffle",
    "numpy.random.shuffle", "networkx.add", "networkx.set", "networkx.relabel", "functools.reduce",
)  # fmt: skip
RANDOM = _words(
    """bernoulli gumbel_softmax multinomial normal poisson rand rand_like randint randint_like
    randn randn_like randperm rrelu"""
)
MUTATORS = _words(
    "add append clear discard extend insert pop remove reverse setdefault sort update"
)
# Methods of libraries that change something, whatever a scene's own method of that name does.
CHANGERS = MUTATORS | _words(
    """add_param_group apply appendleft backward close eval load_state_dict manual_seed next popleft
    register_buffer register_hook register_module requires_grad retain_grad seed send set_state
    step train write zero_grad"""
)
# What makes a value that nobody else holds.
MAKERS = _words(
    """list dict set dict.fromkeys collections.deque collections.defaultdict collections.Counter
    torch.zeros torch.ones torch.full torch.empty torch.zeros_like torch.ones_like
    torch.full_like torch.empty_like numpy.zeros numpy.ones numpy.full numpy.empty
    torch.Generator"""
)
# Methods of tensors, arrays, texts and containers that only compute.
METHODS = _words(
    """abs acos all allclose amax amin aminmax any arange argmax argmin argsort argwhere asin astype
    atan atan2 baddbmm bincount bmm bool broadcast_to byte capitalize cdist ceil center chunk clamp
    clip clone conj contiguous copy corrcoef cos cosh count count_nonzero cov cpu cross cummax
    cummin cumprod cumsum cuda deg2rad degree detach det diag diag_embed diagonal diff digamma dim
    dist div dot double dtype eig element_size encode decode endswith eq equal erf erfinv exp
    expand expand_as expm1 find flatten flip fliplr flipud float floor fmod format
    frac fromkeys gather ge get gt half hex histc imag index index_add index_copy index_fill
    index_select int inverse isclose isdigit isfinite isinf isnan isupper islower item items join
    keys kthvalue le lerp lgamma ljust log log10 log1p log2 log_softmax logaddexp logcumsumexp
    logdet logical_and logical_not logical_or logical_xor logit logsumexp long lower lstrip lt
    masked_fill masked_scatter masked_select matmul matrix_exp max maximum mean median min minimum
    mm mode modules movedim moveaxis mul mv named_modules named_parameters nan_to_num nanmean
    nanmedian nanquantile nansum narrow ndimension ne neg nelement nonzero norm numel numpy outer
    parameters partition permute pinverse pow prod quantile rad2deg ravel reciprocal relu remainder
    removeprefix removesuffix repeat repeat_interleave replace reshape rfind rjust roll rot90 round
    rpartition rsplit rsqrt rstrip scatter scatter_add select sigmoid sign sin sinh size slogdet
    softmax sort split splitlines sqrt square squeeze startswith std stride strip strip sub sum svd
    swapaxes t take tan tanh tensor_split tile title to tolist topk trace transpose tril triu trunc
    type type_as unbind unflatten unfold union intersection difference unique unique_consecutive
    unsqueeze upper values var view view_as where zfill"""
)
