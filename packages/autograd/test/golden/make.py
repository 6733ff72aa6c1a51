"""Writes gradients.json: gradients and Hessians in float64 as PyTorch computes them.

Run with Debian's Python: /usr/bin/python3 test/golden/make.py
"""

import json
import pathlib

import torch
import torch.nn.functional as F

SEED = 20
torch.manual_seed(SEED)
torch.set_default_dtype(torch.float64)


def normal(*shape):
    return torch.randn(shape)


def positive(*shape):
    return torch.rand(shape) * 2 + 0.2


def listed(values):
    return torch.tensor(values, dtype=torch.float64)


def scattered(x, updates):
    places = torch.tensor([[0, 2, 0], [1, 1, 3]])
    return x.scatter_add(1, places, updates)


def along(x):
    return torch.take_along_dim(x, torch.tensor([[0, 2, 2], [3, 1, 3]]), 1)


CASES = {
    "neg": (lambda x: -x, [normal(2, 3)]),
    "abs": (torch.abs, [listed([-1.5, 0.0, 2.0])]),
    "sign": (torch.sign, [normal(4)]),
    "exp": (torch.exp, [normal(2, 3)]),
    "expm1": (torch.expm1, [normal(2, 3) * 1e-3]),
    "log": (torch.log, [positive(2, 3)]),
    "log1p": (torch.log1p, [positive(2, 3) * 1e-3]),
    "sqrt": (torch.sqrt, [positive(2, 3)]),
    "rsqrt": (torch.rsqrt, [positive(2, 3)]),
    "sin": (torch.sin, [normal(2, 3)]),
    "cos": (torch.cos, [normal(2, 3)]),
    "tanh": (torch.tanh, [normal(2, 3) * 3]),
    "sigmoid": (torch.sigmoid, [normal(2, 3) * 3]),
    "softplus": (F.softplus, [normal(2, 3) * 3]),
    "erf": (torch.erf, [normal(2, 3)]),
    "relu": (torch.relu, [listed([-1.0, 0.0, 2.0])]),
    "add": (torch.add, [normal(2, 3), normal(3)]),
    "sub": (torch.sub, [normal(2, 1), normal(3)]),
    "mul": (torch.mul, [normal(2, 1, 2), normal(3, 1)]),
    "div": (torch.div, [normal(2, 3), normal(2, 1)]),
    "pow": (torch.pow, [positive(2, 3), normal(3)]),
    "pow at base 0": (torch.pow, [listed([0.0, 0.0, 0.0, 2.0]), listed([0.0, 1.0, 2.0, 0.0])]),
    "maximum": (torch.maximum, [normal(2, 3), normal(2, 3)]),
    "minimum": (torch.minimum, [normal(2, 3), normal(3)]),
    "where": (lambda a, b: torch.where(torch.tensor([[True], [False]]), a, b), [normal(2, 3), normal(3)]),
    "sum": (lambda x: x.sum((0, 2)), [normal(2, 3, 2)]),
    "mean": (lambda x: x.mean(1, keepdim=True), [normal(2, 3)]),
    "prod": (lambda x: x.prod(1), [normal(2, 5)]),
    "prod with zeros": (
        lambda x: x.prod(1),
        [listed([[1.5, 2.0, -3.0], [1.5, 0.0, -3.0], [0.0, 2.0, 0.0]])],
    ),
    "max": (lambda x: x.amax((0, 2)), [normal(2, 3, 4)]),
    "min": (lambda x: x.amin(1), [normal(2, 3, 4)]),
    "first of equals": (lambda x: x.max(1)[0], [listed([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])]),
    "variance": (lambda x: x.var(1, unbiased=True), [normal(2, 5)]),
    "logSumExp": (lambda x: x.logsumexp(1), [normal(2, 5) * 10]),
    "cumulativeSum": (lambda x: x.cumsum(1), [normal(2, 4, 2)]),
    "reshape": (lambda x: x.reshape(3, 2), [normal(2, 3)]),
    "permute": (lambda x: x.permute(2, 0, 1), [normal(2, 3, 4)]),
    "expand": (lambda x: x.expand(2, 4, 3), [normal(4, 1)]),
    "slice": (lambda x: x[1:, 1:6:2], [normal(3, 7)]),
    "slice backwards": (lambda x: x.flip(1)[:, ::3], [normal(2, 8)]),
    "pad": (lambda x: F.pad(x, (1, 2, 3, 0), value=5.0), [normal(2, 3)]),
    "concat": (lambda a, b: torch.cat((a, b), 1), [normal(2, 3), normal(2, 1)]),
    "windows": (lambda x: x.unfold(1, 3, 2), [normal(2, 7)]),
    "gather": (along, [normal(2, 4)]),
    "scatterAdd": (scattered, [normal(2, 4), normal(2, 3)]),
    "take": (lambda x: x[torch.tensor([2, 0, 2, 2])], [normal(3, 2)]),
    "sort": (lambda x: x.sort(1)[0], [normal(2, 5)]),
    "matmul": (torch.matmul, [normal(2, 1, 3, 4), normal(2, 4, 2)]),
    "einsum": (lambda a, b: torch.einsum("bij,jk->bk", a, b), [normal(2, 3, 4), normal(4, 2)]),
    "convolution": (
        lambda x, w: F.conv2d(x, w, stride=2, padding=1, dilation=2),
        [normal(2, 3, 6, 6), normal(4, 3, 2, 2)],
    ),
    "softmax": (lambda x: x.softmax(1), [normal(2, 5)]),
}

# A 2-3-1 network: the parameters in one vector, in the order weight1 [3, 2], bias1, weight2 [1, 3], bias2.
X = normal(4, 2)
Y = normal(4, 1)


def network_loss(p):
    hidden = torch.tanh(X @ p[:6].reshape(3, 2).T + p[6:9])
    return ((hidden @ p[9:12].reshape(1, 3).T + p[12:] - Y) ** 2).mean()


SECOND = {
    "network": (network_loss, normal(13)),
    "pow": (lambda x: (x**3).sum() + (x**2).prod(), normal(3)),
    # Not two zeros: PyTorch's second derivative of prod is wrong there (0 where it is the product of the rest).
    "prod with a zero": (lambda x: x.prod(), listed([0.0, 2.0, -1.0, 3.0])),
    "logSumExp": (lambda x: x.logsumexp(0), normal(4)),
    "strided slice": (lambda x: (x.flip(0)[::2] ** 3).sum() + (x[1::3] * x[:2]).sum(), normal(5)),
    "windows": (lambda x: (x.unfold(0, 3, 2).prod(1)).sum(), normal(7)),
    "erf": (lambda x: (x.erf() * F.softplus(x.flip(0))).sum(), normal(3)),
}


def packed(x):
    return {"shape": list(x.shape), "data": x.detach().flatten().tolist()}


def first(fn, inputs):
    leaves = [x.clone().requires_grad_() for x in inputs]
    output = fn(*leaves)
    cotangent = normal(*output.shape)
    return {
        "inputs": [packed(x) for x in inputs],
        "output": packed(output),
        "cotangent": packed(cotangent),
        "gradients": [packed(g) for g in torch.autograd.grad(output, leaves, cotangent)],
    }


def second(fn, x):
    return {"x": packed(x), "hessian": packed(torch.autograd.functional.hessian(fn, x))}


golden = {
    "versions": {"torch": torch.__version__},
    "seed": SEED,
    "cases": {name: first(*case) for name, case in CASES.items()},
    "network": {"x": packed(X), "y": packed(Y)},
    "hessians": {name: second(*case) for name, case in SECOND.items()},
}
path = pathlib.Path(__file__).with_name("gradients.json")
path.write_text(json.dumps(golden, allow_nan=False) + "\n")
