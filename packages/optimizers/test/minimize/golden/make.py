"""Writes more-garbow-hillstrom.json: where SciPy's BFGS and L-BFGS-B end on 18 functions, and how often they evaluate.

The functions are the unconstrained ones of Moré, Garbow & Hillstrom, Testing unconstrained optimization software, ACM TOMS 7
(1981), from its starting points; Gulf's function as corrected since (|y - x2|, not |y m i x2|). Gradients are PyTorch's, in
float64; SciPy's settings are its defaults but where a name says more. Run with /usr/bin/python3. Nothing is random, so there is no seed.
"""

import json
import math
import pathlib

import numpy
import scipy
import torch
from scipy.optimize import minimize

torch.set_default_dtype(torch.float64)


def times(m, step=1.0):
    return torch.arange(1, m + 1, dtype=torch.float64) * step


def helical_valley(x):
    angle = torch.atan(x[1] / x[0]) / (2 * math.pi) + (0.5 if x[0] < 0 else 0)
    return torch.stack([10 * (x[2] - 10 * angle), 10 * (torch.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


def biggs(x):
    t = times(13, 0.1)
    y = torch.exp(-t) - 5 * torch.exp(-10 * t) + 3 * torch.exp(-4 * t)
    return x[2] * torch.exp(-t * x[0]) - x[3] * torch.exp(-t * x[1]) + x[5] * torch.exp(-t * x[4]) - y


def gaussian(x):
    half = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
    y = torch.tensor([*half, 0.3989, *reversed(half)])
    t = (8 - times(15)) / 2
    return x[0] * torch.exp(-x[1] * (t - x[2]) ** 2 / 2) - y


def powell_badly_scaled(x):
    return torch.stack([1e4 * x[0] * x[1] - 1, torch.exp(-x[0]) + torch.exp(-x[1]) - 1.0001])


def box(x):
    t = times(10, 0.1)
    return torch.exp(-t * x[0]) - torch.exp(-t * x[1]) - x[2] * (torch.exp(-t) - torch.exp(-10 * t))


def variably_dimensioned(x):
    total = (times(len(x)) * (x - 1)).sum()
    return torch.cat([x - 1, total[None], total[None] ** 2])


def watson(x):
    t = times(29, 1 / 29)[:, None]
    j = torch.arange(len(x), dtype=torch.float64)
    value = (x * t**j).sum(1)
    slope = (j[1:] * x[1:] * t ** (j[1:] - 1)).sum(1)
    return torch.cat([slope - value**2 - 1, x[:1], (x[1] - x[0] ** 2 - 1)[None]])


def penalty_1(x):
    return torch.cat([math.sqrt(1e-5) * (x - 1), ((x**2).sum() - 0.25)[None]])


def penalty_2(x):
    n = len(x)
    i = torch.arange(2, n + 1, dtype=torch.float64)
    y = torch.exp(i / 10) + torch.exp((i - 1) / 10)
    root = math.sqrt(1e-5)
    return torch.cat([
        x[:1] - 0.2,
        root * (torch.exp(x[1:] / 10) + torch.exp(x[:-1] / 10) - y),
        root * (torch.exp(x[1:] / 10) - math.exp(-0.1)),
        (((n - torch.arange(n, dtype=torch.float64)) * x**2).sum() - 1)[None],
    ])


def brown_badly_scaled(x):
    return torch.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def brown_dennis(x):
    t = times(20, 0.2)
    return (x[0] + t * x[1] - torch.exp(t)) ** 2 + (x[2] + x[3] * torch.sin(t) - torch.cos(t)) ** 2


def gulf(x):
    t = times(99, 0.01)
    y = 25 + (-50 * torch.log(t)) ** (2 / 3)
    return torch.exp(-(torch.abs(y - x[1]) ** x[2]) / x[0]) - t


def trigonometric(x):
    n = len(x)
    return n - torch.cos(x).sum() + times(n) * (1 - torch.cos(x)) - torch.sin(x)


def extended_rosenbrock(x):
    return torch.cat([10 * (x[1::2] - x[::2] ** 2), 1 - x[::2]])


def extended_powell(x):
    a, b, c, d = x[::4], x[1::4], x[2::4], x[3::4]
    return torch.cat([a + 10 * b, math.sqrt(5) * (c - d), (b - 2 * c) ** 2, math.sqrt(10) * (a - d) ** 2])


def beale(x):
    return torch.tensor([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** times(3))


def wood(x):
    return torch.stack([
        10 * (x[1] - x[0] ** 2),
        1 - x[0],
        math.sqrt(90) * (x[3] - x[2] ** 2),
        1 - x[2],
        math.sqrt(10) * (x[1] + x[3] - 2),
        (x[1] - x[3]) / math.sqrt(10),
    ])


def chebyquad(x):
    n = len(x)
    before, now = torch.ones(n), 2 * x - 1
    residuals = []
    for i in range(1, n + 1):
        residuals.append(now.mean() + (0 if i % 2 else 1 / (i * i - 1)))
        before, now = now, 2 * (2 * x - 1) * now - before
    return torch.stack(residuals)


PROBLEMS = {
    'helical valley': (helical_valley, [-1, 0, 0]),
    'Biggs EXP6': (biggs, [1, 2, 1, 1, 1, 1]),
    'Gaussian': (gaussian, [0.4, 1, 0]),
    'Powell badly scaled': (powell_badly_scaled, [0, 1]),
    'Box three-dimensional': (box, [0, 10, 20]),
    'variably dimensioned': (variably_dimensioned, [1 - j / 10 for j in range(1, 11)]),
    'Watson': (watson, [0] * 6),
    'penalty I': (penalty_1, [1, 2, 3, 4]),
    'penalty II': (penalty_2, [0.5] * 4),
    'Brown badly scaled': (brown_badly_scaled, [1, 1]),
    'Brown and Dennis': (brown_dennis, [25, 5, -5, -1]),
    'Gulf research and development': (gulf, [5, 2.5, 0.15]),
    'trigonometric': (trigonometric, [1 / 10] * 10),
    'extended Rosenbrock': (extended_rosenbrock, [-1.2, 1] * 5),
    'extended Powell singular': (extended_powell, [3, -1, 0, 1] * 2),
    'Beale': (beale, [1, 1]),
    'Wood': (wood, [-3, -1, -3, -1]),
    'Chebyquad': (chebyquad, [j / 9 for j in range(1, 9)]),
}

# L-BFGS-B also stops after a step that lowers the value by less than 2.2e-9, often far from a minimum: the second run of it
# does not, and goes on until the gradient is small.
RUNS = {
    'BFGS': ('BFGS', {}),
    'L-BFGS-B': ('L-BFGS-B', {}),
    'L-BFGS-B, ftol 0': ('L-BFGS-B', {'ftol': 0}),
}

functions = []
for name, (residuals, start) in PROBLEMS.items():

    def value_and_gradient(point):
        x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
        value = (residuals(x) ** 2).sum()
        value.backward()
        return value.item(), x.grad.numpy().copy()

    value, gradient = value_and_gradient(start)
    entry = {'name': name, 'start': start, 'value': value, 'gradient': gradient.tolist()}
    for run, (method, options) in RUNS.items():
        result = minimize(value_and_gradient, numpy.array(start, dtype=float), jac=True, method=method, options=options)
        entry[run] = {'value': float(result.fun), 'evaluations': int(result.nfev)}
        print(f'{name:32} {run:20} {result.fun:.6e} {result.nfev:5} {result.message}')
    functions.append(entry)

versions = {'scipy': scipy.__version__, 'torch': torch.__version__}
output = {**versions, 'seed': None, 'functions': functions}
pathlib.Path(__file__).with_name('more-garbow-hillstrom.json').write_text(json.dumps(output) + '\n')
