"""Makes transcendentals.json: exact values of the functions of math.ts, from mpmath and SciPy.

Run once with Debian's python3-mpmath 1.2.1, python3-numpy 1.24.2 and python3-scipy 1.10.1:
    /usr/bin/python3 make.py > transcendentals.json
"""

import json
import sys

import mpmath as mp
import numpy as np
import scipy
import scipy.special

mp.mp.prec = 400
SEED = 20

functions = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "erf": mp.erf,
    "sin": mp.sin,
    "cos": mp.cos,
}

# Where each function does something between its limits: (lowest exponent of 2, highest), and the sign.
domains = {
    "exp": (-30, 6.4, "both"),
    "expm1": (-149, 6.4, "both"),
    "log": (-149, 127.9, "positive"),
    "log1p": (-149, 127.9, "positive"),
    "tanh": (-149, 3.5, "both"),
    "sigmoid": (-30, 6.6, "both"),
    "softplus": (-30, 6.6, "both"),
    "erf": (-149, 2.1, "both"),
    "sin": (-149, 30, "both"),
    "cos": (-20, 30, "both"),
}

random = np.random.default_rng(SEED)


def number(value):
    """JSON has no infinities; a float64 prints so that it reads back the same."""
    value = float(value)
    return value if np.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def inputs(lowest, highest, sign):
    magnitude = np.float32(2.0) ** random.uniform(lowest, highest, 80).astype(np.float32)
    signs = random.choice([-1, 1], 80) if sign == "both" else 1
    return [float(x) for x in (magnitude * signs).astype(np.float32)]


result = {
    "versions": {"mpmath": mp.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "seed": SEED,
    "functions": {},
}
for name, function in functions.items():
    xs = inputs(*domains[name])
    if name == "log1p":
        xs += [float(x) for x in (np.float32(-1) + random.random(20).astype(np.float32))]
    result["functions"][name] = [[x, number(function(mp.mpf(x)))] for x in xs]

bases = np.float32(2.0) ** random.uniform(-120, 120, 80).astype(np.float32)
exponents = (random.uniform(-1, 1, 80) * 140 / np.abs(np.log2(bases))).astype(np.float32)
result["pow"] = [
    [float(x), float(y), number(mp.mpf(float(x)) ** mp.mpf(float(y)))] for x, y in zip(bases, exponents)
]
# np.power of float64: x and y from the corners.
corners = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 2.5, float("inf"), -float("inf"), float("nan")]


def corner(value):
    return "NaN" if np.isnan(value) else "-0" if value == 0 and np.signbit(value) else number(value)


with np.errstate(all="ignore"):
    result["pow corners"] = [
        [corner(x), corner(y), corner(np.power(np.float64(x), np.float64(y)))] for x in corners for y in corners
    ]
xs = np.concatenate([[1e-300, 1e-8], np.linspace(-6.5, 6.5, 79)])
result["scipy.special.erf"] = [[float(x), float(scipy.special.erf(x))] for x in xs]
json.dump(result, sys.stdout, separators=(",", ":"))
