"""Writes operations.json beside this file: what NumPy and SciPy make of small inputs.

Run with Debian's python3-numpy and python3-scipy; the outcome is committed, so that nobody else needs them.
"""

import json
import math
import platform
from pathlib import Path

import numpy as np
import scipy
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

SEED = 20250601
random = np.random.default_rng(SEED)
cases = []


def number(x):
    """JSON has no NaN and no infinities."""
    if isinstance(x, (bool, np.bool_)):
        return int(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    x = float(x)
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return x


def encode(x):
    if isinstance(x, (np.ndarray, np.generic)):
        x = np.asarray(x)
        return {
            "dtype": str(x.dtype),
            "shape": list(x.shape),
            "data": [number(each) for each in x.ravel()],
        }
    if isinstance(x, (list, tuple)):
        return [encode(each) for each in x]
    if isinstance(x, dict):
        return {key: encode(each) for key, each in x.items()}
    return x if x is None or isinstance(x, (bool, str)) else number(x)


def case(operation, arguments, result):
    cases.append({"operation": operation, "arguments": encode(arguments), "result": encode(result)})


def f64(*shape):
    return random.normal(size=shape)


def i32(*shape, low=-9, high=10):
    return random.integers(low, high, size=shape, dtype=np.int32)


CORNERS = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-8, -1e-8, 3.0, -7.3, 20.0, 100.0]
)


def signed_zero_maximum(a, b):
    """IEEE 754's maximum, where 0 is larger than -0; NumPy leaves that open."""
    return np.where((a == 0) & (b == 0), a + b, np.maximum(a, b))


def signed_zero_minimum(a, b):
    return -signed_zero_maximum(-a, -b)


unary = {
    "neg": np.negative,
    "abs": np.abs,
    "sign": lambda x: np.where(x == 0, x, np.sign(x)),
    "square": np.square,
    "reciprocal": lambda x: 1 / x,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "erf": special.erf,
    "relu": lambda x: signed_zero_maximum(np.zeros_like(x), x),
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "isNaN": np.isnan,
    "isFinite": np.isfinite,
    "logicalNot": np.logical_not,
}
binary = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "maximum": signed_zero_maximum,
    "minimum": signed_zero_minimum,
    "equal": np.equal,
    "notEqual": np.not_equal,
    "less": np.less,
    "lessEqual": np.less_equal,
    "greater": np.greater,
    "greaterEqual": np.greater_equal,
    "logicalAnd": np.logical_and,
    "logicalOr": np.logical_or,
    "logicalXor": np.logical_xor,
}


def narrow(x):
    """What was computed in float64, as float32."""
    return x.astype(np.float32) if x.dtype == np.float64 else x


def elementwise():
    pairs = CORNERS[[0, 1, 2, 3, 4, 5, 6, 8, 10]]
    for name, f in unary.items():
        case(name, [CORNERS], f(CORNERS))
        single = np.concatenate([CORNERS, 4 * f64(8)]).astype(np.float32)
        case(name, [single], narrow(f(single.astype(np.float64))))
    for name, f in binary.items():
        case(name, [pairs[:, None], pairs], f(pairs[:, None], pairs))
        a, b = f64(3, 1, 4).astype(np.float32), f64(2, 1).astype(np.float32)
        case(name, [a, b], narrow(f(a.astype(np.float64), b.astype(np.float64))))
    for name in ["add", "sub", "mul", "maximum", "minimum", "equal", "less"]:
        a, b = i32(4, 3), i32(3)
        case(name, [a, b], binary[name](a, b))
        a, b = i32(5, low=0, high=256).astype(np.uint8), i32(5, low=0, high=256).astype(np.uint8)
        case(name, [a, b], binary[name](a, b))
    large = np.array([2**31 - 1, -(2**31), 65537, -65537], dtype=np.int32)
    for name in ["add", "sub", "mul"]:
        case(name, [large[:, None], large], binary[name](large[:, None], large))
    case("clip", [CORNERS, -0.75, 2], np.clip(CORNERS, -0.75, 2))
    x, low, high = f64(2, 3), f64(3) - 1, f64(2, 1) + 1
    case("clip", [x, low, high], np.minimum(np.maximum(x, low), high))
    condition = random.random((2, 3)) < 0.5
    case("where", [condition, x, low], np.where(condition, x, low))
    case("where", [condition, CORNERS[:3], np.float64(2.5)], np.where(condition, CORNERS[:3], 2.5))
    case("cast", [np.array([0.0, -0.0, np.nan, -3.9, 3.9]), "bool"], np.array([0, 0, 1, 1, 1], dtype=bool))


def reductions():
    x = f64(2, 3, 4)
    small = i32(2, 3, 4)
    holes = x.copy()
    holes[0, 1, 2] = np.nan
    holes[1, 0, 0] = np.inf
    holes[1, 2, 1] = -np.inf
    for axis in [None, 0, -1, [0, 2], [1], []]:
        for keep in [False, True]:
            options = {"keepDims": keep} if axis is None else {"axis": axis, "keepDims": keep}
            along = {"axis": tuple(axis) if isinstance(axis, list) else axis, "keepdims": keep}
            for name, f in {"sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min, "mean": np.mean}.items():
                case(name, [x, options], f(x, **along))
            case("sum", [small, options], np.sum(small, dtype=np.int32, **along))
            case("prod", [small, options], np.prod(small, dtype=np.int32, **along))
            case("max", [holes, options], np.max(holes, **along))
            case("min", [holes, options], np.min(holes, **along))
            case("variance", [x, options], np.var(x, **along))
            case("variance", [x, {**options, "correction": 0.5}], np.var(x, ddof=0.5, **along))
            case("std", [x, options], np.std(x, **along))
            case("any", [small > 7, options], np.any(small > 7, **along))
            case("all", [small > -8, options], np.all(small > -8, **along))
            # Of no axes it is the identity, which SciPy does not know.
            total = x if axis == [] else special.logsumexp(x, **along)
            case("logSumExp", [x, options], total)
    case("logSumExp", [np.array([1000.0, 1000.0])], 1000 + np.log(2))
    case("logSumExp", [np.array([-np.inf, -np.inf])], np.float64(-np.inf))
    case("logSumExp", [np.array([np.inf, 1.0])], np.float64(np.inf))
    ties = np.array([[3, 1, 3, 1], [0, 0, 5, 5]], dtype=np.int32)
    nans = np.array([[1.0, np.nan, 3.0, np.nan], [-np.inf, np.inf, 0, np.inf], [np.nan, 1.0, 2.0, 0.0]])
    for name, f in {"argmax": np.argmax, "argmin": np.argmin}.items():
        for data in [x, ties, nans]:
            case(name, [data], f(data).astype(np.int32))
            for axis in [0, 1, -1]:
                for keep in [False, True]:
                    places = f(data, axis=axis, keepdims=keep).astype(np.int32)
                    case(name, [data, {"axis": axis, "keepDims": keep}], places)
    for axis in [0, 1, -1]:
        case("cumulativeSum", [x, {"axis": axis}], np.cumsum(x, axis=axis))
        case("cumulativeSum", [small, {"axis": axis}], np.cumsum(small, axis=axis, dtype=np.int32))
    nothing = np.zeros((2, 0, 3))
    case("sum", [nothing, {"axis": 1}], np.sum(nothing, axis=1))
    case("prod", [nothing, {"axis": 1}], np.prod(nothing, axis=1))
    case("mean", [nothing, {"axis": 1}], np.full((2, 3), np.nan))


def windowed(x, axes, size, stride, dilation):
    reach = [(s - 1) * d + 1 for s, d in zip(size, dilation)]
    view = sliding_window_view(x, reach, axis=axes)
    place = [slice(None)] * x.ndim
    for axis, step in zip(axes, stride):
        place[axis] = slice(None, None, step)
    return view[tuple(place + [slice(None, None, d) for d in dilation])]


def movement():
    x = f64(2, 3, 4)
    case("reshape", [x, [4, -1]], x.reshape(4, -1))
    case("reshape", [x, [1, 24]], x.reshape(1, 24))
    case("transpose", [x], x.swapaxes(-2, -1))
    case("transpose", [x, 0, -1], x.swapaxes(0, -1))
    case("permute", [x, [2, 0, -2]], x.transpose(2, 0, 1))
    case("expand", [x[:, :1], [5, 2, 3, 4]], np.broadcast_to(x[:, :1], (5, 2, 3, 4)))
    case("squeeze", [x.reshape(1, 6, 1, 4)], x.reshape(6, 4))
    case("squeeze", [x.reshape(1, 6, 1, 4), 2], x.reshape(1, 6, 4))
    case("unsqueeze", [x, [0, -1]], x.reshape(1, 2, 3, 4, 1))
    case("slice", [x, 1], x[1])
    case("slice", [x, -1, [1, None], [None, None, 2]], x[-1, 1:, ::2])
    case("slice", [x, None, [None, None, -1], [-1, 0, -2]], x[:, ::-1, -1:0:-2])
    case("slice", [x, [0, 100], [-2, -1], [3, 1]], x[0:100, -2:-1, 3:1])
    case("flip", [x], np.flip(x))
    case("flip", [x, [0, -1]], np.flip(x, (0, -1)))
    case("pad", [x, [[1, 0], [0, 2], [3, 1]]], np.pad(x, [(1, 0), (0, 2), (3, 1)]))
    for value in [-1.5, np.nan, -np.inf]:
        padded = np.pad(x, [(0, 1), (1, 0), (0, 0)], constant_values=value)
        case("pad", [x, [[0, 1], [1, 0], [0, 0]], {"value": value}], padded)
    case("concat", [[x, x[:1], -x]], np.concatenate([x, x[:1], -x]))
    case("concat", [[x, x[:, :, :0], -x], {"axis": -1}], np.concatenate([x, x[:, :, :0], -x], axis=-1))
    case("stack", [[x, -x, x]], np.stack([x, -x, x]))
    case("stack", [[x, -x], {"axis": -1}], np.stack([x, -x], axis=-1))
    case("split", [x, 2, {"axis": 2}], np.split(x, 2, axis=2))
    case("split", [x, [1, 0, 2], {"axis": 1}], np.split(x, [1, 1], axis=1))
    signal, image = f64(2, 9), f64(2, 5, 7)
    for data, axes, size, stride, dilation in [
        (signal, [1], [3], [1], [1]),
        (signal, [1], [3], [2], [3]),
        (image, [1, 2], [3, 2], [1, 2], [2, 1]),
        (image, [2, 1], [2, 5], [3, 1], [2, 1]),
    ]:
        geometry = {"axes": axes, "size": size, "stride": stride, "dilation": dilation}
        seen = windowed(data, axes, size, stride, dilation)
        case("windows", [data, geometry], seen)
        padding = [(2, 2) if axis in axes else (0, 0) for axis in range(data.ndim)]
        around = windowed(np.pad(data, padding), axes, size, stride, dilation)
        case("windows", [data, {**geometry, "padding": 2}], around)
        # The adjoint: each element of a window goes back to where it came from.
        places = windowed(np.arange(data.size).reshape(data.shape), axes, size, stride, dilation)
        values, folded = f64(*seen.shape), np.zeros(data.size)
        np.add.at(folded, places, values)
        case("foldWindows", [values, list(data.shape), geometry], folded.reshape(data.shape))


def contractions():
    for a, b in [
        ((3, 4), (4, 5)),
        ((4,), (4, 5)),
        ((3, 4), (4,)),
        ((4,), (4,)),
        ((2, 3, 4), (4, 5)),
        ((2, 3, 4), (2, 4, 5)),
        ((6, 1, 3, 4), (2, 4, 5)),
        ((4,), (2, 4, 5)),
        ((3, 0), (0, 5)),
        ((0, 4), (4, 5)),
        ((9, 17), (17, 33)),
    ]:
        left, right = f64(*a), f64(*b)
        case("matmul", [left, right], np.matmul(left, right))
    left, right = i32(3, 4), i32(4, 2)
    case("matmul", [left, right], np.matmul(left, right))
    sizes = dict(zip("bijklm", [2, 3, 4, 5, 2, 3]))
    for equation in [
        "ij,jk->ik",
        "ij,jk",
        "bij,bjk->bik",
        "bij,bik->bjk",
        "i,j->ij",
        "i,i->",
        "ij->ji",
        "ij->",
        "ij->j",
        "ijk,ijl->kl",
        "ij,jk,kl->il",
        "bi,bj,bk->ijk",
        "ii->i",
        "ii->",
        "iji->j",
        "bii,i->b",
    ]:
        operands = [f64(*[sizes[letter] for letter in letters]) for letters in equation.split("->")[0].split(",")]
        case("einsum", [equation, *operands], np.einsum(equation, *operands))


def indexing():
    x = f64(3, 4, 2)
    for places in [np.int32(2), np.array([2, 0, 2], dtype=np.int32), np.array([[1, 0]], dtype=np.uint8)]:
        for axis in [0, 1, -1]:
            places = places % x.shape[axis]
            places = places.astype(np.int32)
            case("take", [x, places, {"axis": axis}], np.take(x, places, axis=axis))
    for axis in [0, 1, 2]:
        shape = list(x.shape)
        shape[axis] = 5
        places = random.integers(0, x.shape[axis], size=shape, dtype=np.int32)
        case("takeAlongAxis", [x, places, {"axis": axis}], np.take_along_axis(x, places, axis))
        updates, result = f64(*shape), x.copy()
        grid = list(np.indices(shape))
        grid[axis] = places
        np.add.at(result, tuple(grid), updates)
        case("scatterAdd", [x, places, updates, {"axis": axis}], result)
    labels = np.array([[2, 0], [1, 2]], dtype=np.int32)
    case("oneHot", [labels, 3], np.eye(3, dtype=np.float32)[labels])
    ties = np.array([[3.0, 1.0, 3.0, 1.0, -2.0], [0.0, np.nan, -np.inf, np.inf, np.nan]])
    for data in [x, ties, i32(4, 6, low=0, high=4)]:
        for axis in [0, 1]:
            case("argsort", [data, {"axis": axis}], np.argsort(data, axis=axis, kind="stable").astype(np.int32))
            case("sort", [data, {"axis": axis}], np.sort(data, axis=axis))
            # Largest first, NaN before all: as stable as the other direction.
            rank = np.where(np.isnan(data), 0, 1), -np.nan_to_num(data.astype(np.float64), posinf=1e9, neginf=-1e9)
            places = np.lexsort(rank[::-1], axis=axis).astype(np.int32)
            case("argsort", [data, {"axis": axis, "descending": True}], places)
            ordered = np.take_along_axis(data, places, axis)
            case("sort", [data, {"axis": axis, "descending": True}], ordered)
            top = np.take(places, [0, 1], axis=axis)
            if not np.isnan(data).any():
                values = np.take_along_axis(data, top, axis)
                case("topK", [data, 2, {"axis": axis}], {"values": values, "indices": top})
                lowest = np.argsort(data, axis=axis, kind="stable").astype(np.int32).take([0, 1], axis=axis)
                values = np.take_along_axis(data, lowest, axis)
                case("topK", [data, 2, {"axis": axis, "smallest": True}], {"values": values, "indices": lowest})


def creation():
    case("zeros", [[2, 3]], np.zeros((2, 3), np.float32))
    case("ones", [[2, 0], {"dtype": "int32"}], np.ones((2, 0), np.int32))
    case("ones", [[2, 3]], np.ones((2, 3), np.float32))
    case("full", [[2], -2.5, {"dtype": "float64"}], np.full(2, -2.5))
    case("zerosLike", [i32(2, 2)], np.zeros((2, 2), np.int32))
    case("onesLike", [f64(3)], np.ones(3))
    case("iota", [5], np.arange(5, dtype=np.int32))
    case("eye", [3], np.eye(3, dtype=np.float32))
    case("eye", [2, 4, {"dtype": "bool"}], np.eye(2, 4, dtype=bool))
    for arguments in [[5], [2, 8], [2, 9, 3], [9, 2, -3], [3, 3]]:
        case("arange", arguments, np.arange(*arguments, dtype=np.int32))
    case("arange", [0, 1, 0.1], np.arange(0, 1, 0.1).astype(np.float32))
    case("arange", [1, -1, -0.3, {"dtype": "float64"}], np.arange(1, -1, -0.3))
    for arguments in [[0, 1, 11], [-2, 7, 4], [3, -3, 7], [5, 6, 1], [1, 2, 0]]:
        case("linspace", [*arguments, {"dtype": "float64"}], np.linspace(*arguments))
        case("linspace", arguments, np.linspace(*arguments).astype(np.float32))


with np.errstate(all="ignore"):
    elementwise()
    reductions()
    movement()
    contractions()
    indexing()
    creation()

versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
lines = ",\n".join(json.dumps(each, allow_nan=False, separators=(",", ":")) for each in cases)
head = json.dumps({"versions": versions, "seed": SEED})[:-1]
Path(__file__).with_name("operations.json").write_text(f'{head}, "cases": [\n{lines}\n]}}\n')
