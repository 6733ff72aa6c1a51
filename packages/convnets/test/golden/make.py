"""Writes convnets.json: PyTorch's values and gradients of convolution and pooling, over options drawn at random; and
networks.json, those of whole networks.

Run with /usr/bin/python3 (Debian's python3-torch). Inputs have two decimals, so that sums of products have few digits.
"""

import json
import pathlib
import random

import networks
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


def transposed(spatial):
    groups = random.choice([1, 1, 2, 3])
    inputs, outputs = groups * random.randint(1, 2), groups * random.randint(1, 2)
    kernel = as_list(per_axis(spatial, 1, 3), spatial)
    stride, dilation = per_axis(spatial, 1, 3), per_axis(spatial, 1, 2)
    strides, dilations = as_list(stride, spatial), as_list(dilation, spatial)
    padding = [random.randint(0, (k - 1) * d // 2) for k, d in zip(kernel, dilations)]
    added = [random.randint(0, max(s, d) - 1) for s, d in zip(strides, dilations)]
    options = dict(stride=stride, padding=padding, outputPadding=added, dilation=dilation, groups=groups)
    shared = dict(stride=stride, padding=padding, output_padding=added, dilation=dilation, groups=groups)
    function = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][spatial - 1]
    extents = [random.randint(1, 3 if spatial < 3 else 2) for _ in kernel]
    tensors = [draw(random.randint(1, 2), inputs, *extents), draw(inputs, outputs // groups, *kernel)]
    if random.random() < 0.5:
        tensors.append(draw(outputs))
    apply = lambda x, w, b=None: function(x, w, b, **shared)
    return case(f'convTranspose{spatial}d', apply, *tensors, options=options)


def lp(spatial, power):
    """By hand from the average: PyTorch's lp_pool keeps the sign of odd powers and has no padding."""
    options = dict(power=power, kernelSize=2, stride=random.randint(1, 2), padding=random.randint(0, 1))
    pool = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][spatial - 1]
    window = dict(kernel_size=2, stride=options['stride'], padding=options['padding'])
    apply = lambda t: (pool(t.abs() ** power, **window) * 2**spatial) ** (1 / power)
    return case(f'lpPool{spatial}d', apply, draw(1, 2, *[random.randint(3, 4)] * spatial), options=options)


def adaptive(name, spatial):
    size = per_axis(spatial, 1, 4)
    kind = 'max' if name == 'Max' else 'avg'
    function = getattr(F, f'adaptive_{kind}_pool{spatial}d')
    x = draw(2, 2, *[random.randint(4, 7) for _ in range(spatial)])
    options = dict(outputSize=size)
    return case(f'adaptive{name}Pool', lambda t: function(t, as_list(size, spatial)), x, options=options)


def normalization(size, alpha, beta, k, *shape):
    """PyTorch divides alpha by the size; the paper does not."""
    options = dict(size=size, alpha=alpha, beta=beta, k=k)
    apply = lambda t: F.local_response_norm(t, size, alpha * size, beta, k)
    return case('localResponseNormalization', apply, draw(*shape), options=options)


def upsampling(mode, spatial):
    scale = per_axis(spatial, 1, 3)
    x = draw(1, 2, *[random.randint(1, 3) for _ in range(spatial)])
    name = 'nearest' if mode == 'nearest' else ['linear', 'bilinear', 'trilinear'][spatial - 1]
    factors = tuple(as_list(scale, spatial))
    apply = lambda t: F.interpolate(t, scale_factor=factors, mode=name)
    return case('upsample', apply, x, options=dict(scale=scale, mode=mode))


cases = [convolution(spatial) for spatial in [1] * 12 + [2] * 30 + [3] * 8]
cases += [transposed(spatial) for spatial in [1] * 8 + [2] * 20 + [3] * 6]
cases += [pooling(name, spatial) for name in ['max', 'average'] for spatial in [1] * 4 + [2] * 10 + [3] * 3]
cases += [lp(spatial, power) for spatial in [1, 2, 3] for power in [1, 2, 3, 2.5]]
cases += [adaptive(name, spatial) for name in ['Average', 'Max'] for spatial in [1, 2, 2, 2, 3]]
cases += [
    case('globalAveragePool', lambda t: t.mean((2, 3)), draw(2, 3, 3, 2)),
    case('globalMaxPool', lambda t: t.amax((2, 3)), draw(2, 3, 3, 2)),
    normalization(5, 1e-4, 0.75, 2, 2, 7, 2, 2),
    normalization(3, 0.5, 0.75, 1, 2, 4, 3, 2),
    normalization(4, 2.0, 0.5, 0.1, 1, 6, 3),
    normalization(7, 1.0, 1, 1, 2, 3, 1),
    case('pixelShuffle', lambda t: F.pixel_shuffle(t, 2), draw(2, 8, 2, 3), options=dict(factor=2)),
    case('pixelShuffle', lambda t: F.pixel_shuffle(t, 3), draw(1, 9, 1, 2), options=dict(factor=3)),
    case('pixelUnshuffle', lambda t: F.pixel_unshuffle(t, 2), draw(2, 2, 4, 6), options=dict(factor=2)),
]
cases += [upsampling(mode, spatial) for mode in ['nearest', 'linear'] for spatial in [1, 2, 2, 3]]

result = {'torch': torch.__version__, 'seed': SEED, 'cases': cases}
text = json.dumps(result, separators=(',', ':'))
pathlib.Path(__file__).with_name('convnets.json').write_text(text + '\n')
networks.write()
