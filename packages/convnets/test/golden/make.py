"""Writes convnets.json: PyTorch's values and gradients of convolution and pooling, over options drawn at random.

Run with /usr/bin/python3 (Debian's python3-torch). Inputs have two decimals, so that sums of products have few digits.
"""

import json
import pathlib
import random

import torch
from torch.nn import functional as F

SEED = 5
torch.manual_seed(SEED)
random.seed(SEED)
torch.set_default_dtype(torch.float64)


def rounded(tensor, digits=12):
    return json.loads(json.dumps(tensor.tolist()), parse_float=lambda text: round(float(text), digits))


def draw(*shape):
    return (torch.randn(shape) * 100).round() / 100


def case(name, function, *inputs, options=None):
    """Inputs, the value, and the gradient of Σ value · weights with respect to each input."""
    inputs = [t.clone().requires_grad_() for t in inputs]
    value = function(*inputs)
    weights = draw(*value.shape)
    (value * weights).sum().backward()
    return {
        'name': name,
        'options': options or {},
        'inputs': [rounded(t) for t in inputs],
        'value': rounded(value),
        'weights': rounded(weights),
        'gradients': [rounded(t.grad) for t in inputs],
    }


def per_axis(spatial, low, high):
    """The same for all axes, or one an axis."""
    if random.random() < 0.5:
        return random.randint(low, high)
    return [random.randint(low, high) for _ in range(spatial)]


def as_list(option, spatial):
    return [option] * spatial if isinstance(option, int) else option


def convolution(spatial):
    groups = random.choice([1, 1, 2, 3])
    inputs = groups * random.randint(1, 2)
    outputs = groups * random.randint(1, 2)
    kernel = as_list(per_axis(spatial, 1, 3), spatial)
    stride, dilation = per_axis(spatial, 1, 3), per_axis(spatial, 1, 2)
    padding = random.choice([per_axis(spatial, 0, 2), 'valid'])
    if random.random() < 0.15:
        stride, padding = 1, 'same'
    pads = [0] * spatial if isinstance(padding, str) else as_list(padding, spatial)
    extents = [
        max(1, (k - 1) * d + 1 - 2 * p) + random.randint(0, 4 if spatial < 3 else 2)
        for k, d, p in zip(kernel, as_list(dilation, spatial), pads)
    ]
    options = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    function = [F.conv1d, F.conv2d, F.conv3d][spatial - 1]
    tensors = [draw(random.randint(1, 2), inputs, *extents), draw(outputs, inputs // groups, *kernel)]
    if random.random() < 0.5:
        tensors.append(draw(outputs))
    return case(f'conv{spatial}d', lambda x, w, b=None: function(x, w, b, **options), *tensors, options=options)


def pooling(name, spatial):
    kernel = per_axis(spatial, 1, 3)
    stride = per_axis(spatial, 1, 3)
    dilation = per_axis(spatial, 1, 2) if name == 'max' else 1
    padding = [random.randint(0, k // 2) for k in as_list(kernel, spatial)]
    ceil, count = random.random() < 0.5, random.random() < 0.5
    extents = [
        (k - 1) * d + 1 + random.randint(0, 4 if spatial < 3 else 2)
        for k, d in zip(as_list(kernel, spatial), as_list(dilation, spatial))
    ]
    options = dict(kernelSize=kernel, stride=stride, padding=padding, ceilMode=ceil)
    shared = dict(kernel_size=kernel, stride=stride, padding=padding, ceil_mode=ceil)
    if name == 'max':
        function = [F.max_pool1d, F.max_pool2d, F.max_pool3d][spatial - 1]
        options |= dict(dilation=dilation)
        shared |= dict(dilation=dilation)
    else:
        function = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][spatial - 1]
        options |= dict(countPadding=count)
        shared |= dict(count_include_pad=count)
    x = draw(random.randint(1, 2), 2, *extents)
    return case(f'{name}Pool{spatial}d', lambda t: function(t, **shared), x, options=options)


cases = [convolution(spatial) for spatial in [1] * 12 + [2] * 30 + [3] * 8]
cases += [pooling(name, spatial) for name in ['max', 'average'] for spatial in [1] * 4 + [2] * 10 + [3] * 3]

result = {'torch': torch.__version__, 'seed': SEED, 'cases': cases}
text = json.dumps(result, separators=(',', ':'))
pathlib.Path(__file__).with_name('convnets.json').write_text(text + '\n')
