"""Writes networks.json: what networks of PyTorch, wired by hand after the papers, make of weights given by a formula.

Run by make.py. No weights are stored: parameter number p, in the order of names, holds
waves (see `wave`) that the test makes again.
"""

import json
import pathlib

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


def wave(phase, shape):
    count = 1
    for extent in shape:
        count *= extent
    return torch.sin(torch.arange(count) * 1.3 + phase).reshape(shape)


def weights(shapes):
    """Kernels and matrices keep the size of signals, scales lie around 1, the rest around 0."""
    state = {}
    for phase, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        values = wave(phase, shape)
        if len(shape) > 1:
            fan = values[0].numel()
            state[name] = values * (6 / fan) ** 0.5
        elif name.endswith('weight') or name.endswith('runningVariance'):
            state[name] = 1 + 0.2 * values
        else:
            state[name] = 0.1 * values
    return state


def batch_norm(x, state, name, training):
    mean, variance = state[name + '.runningMean'].detach(), state[name + '.runningVariance'].detach()
    return F.batch_norm(
        x, mean.clone(), variance.clone(), state[name + '.weight'], state[name + '.bias'], training=training
    )


def convolution_shapes(name, inputs, outputs, kernel, bias=True):
    shapes = {name + '.weight': [outputs, inputs, kernel, kernel]}
    if bias:
        shapes[name + '.bias'] = [outputs]
    return shapes


def norm_shapes(name, features):
    return {f'{name}.{field}': [features] for field in ['weight', 'bias', 'runningMean', 'runningVariance']}


# LeNet-5 ----------------------------------------------------------------------------------------------------------

LENET = {
    **convolution_shapes('features.0', 1, 6, 5),
    **convolution_shapes('features.3', 6, 16, 5),
    'classifier.0.weight': [120, 400],
    'classifier.0.bias': [120],
    'classifier.2.weight': [84, 120],
    'classifier.2.bias': [84],
    'classifier.4.weight': [10, 84],
    'classifier.4.bias': [10],
}


def lenet5(x, s, training):
    x = F.max_pool2d(F.relu(F.conv2d(x, s['features.0.weight'], s['features.0.bias'], padding=2)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, s['features.3.weight'], s['features.3.bias'])), 2).flatten(1)
    x = F.relu(F.linear(x, s['classifier.0.weight'], s['classifier.0.bias']))
    x = F.relu(F.linear(x, s['classifier.2.weight'], s['classifier.2.bias']))
    return F.linear(x, s['classifier.4.weight'], s['classifier.4.bias'])


# Table I of LeCun et al. (1998), column by column: the crosses of each map of C3.
CROSSES = [
    '012', '123', '234', '345', '045', '015', '0123', '1234', '2345', '0345', '0145', '0125', '0134', '1245', '0235',
    '012345',
]
ORIGINAL = {
    **convolution_shapes('c1', 1, 6, 5),
    's2.weight': [6],
    's2.bias': [6],
    'c3.weight': [60, 5, 5],
    'c3.bias': [16],
    's4.weight': [16],
    's4.bias': [16],
    **convolution_shapes('c5', 16, 120, 5),
    'f6.weight': [84, 120],
    'f6.bias': [84],
    'output.codes': [10, 84],
}


def original_lenet5(x, s, training):
    squash = lambda t: 1.7159 * torch.tanh(2 / 3 * t)

    def subsample(t, name):
        sums = t[..., ::2, ::2] + t[..., 1::2, ::2] + t[..., ::2, 1::2] + t[..., 1::2, 1::2]
        return squash(sums * s[name + '.weight'][:, None, None] + s[name + '.bias'][:, None, None])

    x = subsample(squash(F.conv2d(x, s['c1.weight'], s['c1.bias'])), 's2')
    maps, entry = [], 0
    for number, seen in enumerate(CROSSES):
        kernels = s['c3.weight'][entry : entry + len(seen)]
        entry += len(seen)
        maps.append(F.conv2d(x[:, [int(i) for i in seen]], kernels[None], s['c3.bias'][number : number + 1]))
    x = subsample(squash(torch.cat(maps, 1)), 's4')
    x = squash(F.conv2d(x, s['c5.weight'], s['c5.bias'])).flatten(1)
    x = squash(F.linear(x, s['f6.weight'], s['f6.bias']))
    return -((x[:, None] - s['output.codes']) ** 2).sum(-1)


# GoogLeNet, small --------------------------------------------------------------------------------------------------

MODULES = [
    ('3', 32, (16, 16, 32, 4, 8, 8)),
    ('4', 64, (24, 24, 48, 8, 16, 8)),
    ('6', 96, (32, 32, 64, 8, 16, 16)),
    ('7', 128, (32, 32, 64, 8, 16, 16)),
    ('8', 128, (48, 48, 96, 8, 24, 24)),
]


def googlenet_shapes():
    shapes = {**convolution_shapes('features.0', 3, 32, 3), 'classifier.1.weight': [10, 192], 'classifier.1.bias': [10]}
    for place, inputs, (one, r3, three, r5, five, pooled) in MODULES:
        name = f'features.{place}'
        shapes |= convolution_shapes(f'{name}.0.0', inputs, one, 1)
        shapes |= convolution_shapes(f'{name}.1.0', inputs, r3, 1) | convolution_shapes(f'{name}.1.2', r3, three, 3)
        shapes |= convolution_shapes(f'{name}.2.0', inputs, r5, 1) | convolution_shapes(f'{name}.2.2', r5, five, 5)
        shapes |= convolution_shapes(f'{name}.3.1', inputs, pooled, 1)
    return shapes


def small_googlenet(x, s, training):
    def conv(t, name, padding):
        return F.relu(F.conv2d(t, s[name + '.weight'], s[name + '.bias'], padding=padding))

    def inception(t, name):
        return torch.cat(
            [
                conv(t, f'{name}.0.0', 0),
                conv(conv(t, f'{name}.1.0', 0), f'{name}.1.2', 1),
                conv(conv(t, f'{name}.2.0', 0), f'{name}.2.2', 2),
                conv(F.max_pool2d(t, 3, 1, 1), f'{name}.3.1', 0),
            ],
            1,
        )

    x = F.max_pool2d(conv(x, 'features.0', 1), 3, 2, ceil_mode=True)
    x = inception(inception(x, 'features.3'), 'features.4')
    x = F.max_pool2d(x, 3, 2, ceil_mode=True)
    x = inception(inception(inception(x, 'features.6'), 'features.7'), 'features.8')
    return F.linear(x.mean((2, 3)), s['classifier.1.weight'], s['classifier.1.bias'])


# ResNet ------------------------------------------------------------------------------------------------------------


def small_resnet_shapes(blocks, width):
    shapes = {**convolution_shapes('conv1', 3, width, 3, bias=False), **norm_shapes('bn1', width)}
    inputs = width
    for stage in range(3):
        outputs = width * 2**stage
        for block in range(blocks):
            name = f'layer{stage + 1}.{block}'
            shapes |= convolution_shapes(f'{name}.conv1', inputs, outputs, 3, bias=False)
            shapes |= convolution_shapes(f'{name}.conv2', outputs, outputs, 3, bias=False)
            shapes |= norm_shapes(f'{name}.bn1', outputs) | norm_shapes(f'{name}.bn2', outputs)
            inputs = outputs
    return shapes | {'fc.weight': [10, inputs], 'fc.bias': [10]}


def small_resnet(x, s, training, blocks=1, shortcuts=True):
    x = F.relu(batch_norm(F.conv2d(x, s['conv1.weight'], padding=1), s, 'bn1', training))
    for stage in range(3):
        for block in range(blocks):
            name = f'layer{stage + 1}.{block}'
            stride = 2 if stage > 0 and block == 0 else 1
            y = F.conv2d(x, s[name + '.conv1.weight'], stride=stride, padding=1)
            y = F.relu(batch_norm(y, s, name + '.bn1', training))
            y = batch_norm(F.conv2d(y, s[name + '.conv2.weight'], padding=1), s, name + '.bn2', training)
            if shortcuts:
                y = y + F.pad(x[..., ::stride, ::stride], (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
            x = F.relu(y)
    return F.linear(x.mean((2, 3)), s['fc.weight'], s['fc.bias'])


BLOCKS = [3, 4, 6, 3]


def resnet50_shapes():
    shapes = {**convolution_shapes('conv1', 3, 64, 7, bias=False), **norm_shapes('bn1', 64)}
    inputs = 64
    for stage, blocks in enumerate(BLOCKS):
        width = 64 * 2**stage
        for block in range(blocks):
            name = f'layer{stage + 1}.{block}'
            for i, (a, b, kernel) in enumerate([(inputs, width, 1), (width, width, 3), (width, width * 4, 1)]):
                shapes |= convolution_shapes(f'{name}.conv{i + 1}', a, b, kernel, bias=False)
                shapes |= norm_shapes(f'{name}.bn{i + 1}', b)
            if block == 0:
                shapes |= convolution_shapes(f'{name}.downsample.0', inputs, width * 4, 1, bias=False)
                shapes |= norm_shapes(f'{name}.downsample.1', width * 4)
            inputs = width * 4
    return shapes | {'fc.weight': [10, inputs], 'fc.bias': [10]}


def resnet50(x, s, training, strided_kernel=1):
    x = F.relu(batch_norm(F.conv2d(x, s['conv1.weight'], stride=2, padding=3), s, 'bn1', training))
    x = F.max_pool2d(x, 3, 2, 1)
    for stage, blocks in enumerate(BLOCKS):
        for block in range(blocks):
            name = f'layer{stage + 1}.{block}'
            stride = 2 if stage > 0 and block == 0 else 1
            first, middle = (stride, 1) if strided_kernel == 1 else (1, stride)
            y = F.conv2d(x, s[name + '.conv1.weight'], stride=first)
            y = F.relu(batch_norm(y, s, name + '.bn1', training))
            y = F.conv2d(y, s[name + '.conv2.weight'], stride=middle, padding=1)
            y = F.relu(batch_norm(y, s, name + '.bn2', training))
            y = batch_norm(F.conv2d(y, s[name + '.conv3.weight']), s, name + '.bn3', training)
            if block == 0:
                x = F.conv2d(x, s[name + '.downsample.0.weight'], stride=stride)
                x = batch_norm(x, s, name + '.downsample.1', training)
            x = F.relu(x + y)
    return F.linear(x.mean((2, 3)), s['fc.weight'], s['fc.bias'])


def case(function, shapes, image, training=False, gradients=True):
    """The scores, and of the gradient of their waved sum by each parameter the inner product with a wave."""
    state = {name: tensor.requires_grad_() for name, tensor in weights(shapes).items()}
    images = wave(0.5, [2, *image])
    scores = function(images, state, training)
    (scores * wave(0, scores.shape)).sum().backward()
    return {
        'image': image,
        'training': training,
        'shapes': {name: shapes[name] for name in sorted(shapes)},
        'scores': scores.tolist(),
        'gradients': {
            name: (tensor.grad * wave(0, tensor.shape)).sum().item()
            for name, tensor in state.items()
            if gradients and tensor.grad is not None and not name.endswith('codes')
        },
    }


def brief(name, text):
    """The shapes of the deepest are a matter of counts, which have a test of their own."""
    return {key: value for key, value in text.items() if key != 'shapes' or not name.startswith('resnet(50)')}


def write():
    plain = lambda x, s, training: small_resnet(x, s, training, shortcuts=False)
    cases = {
        'lenet5': case(lenet5, LENET, [1, 28, 28]),
        'originalLenet5': case(original_lenet5, ORIGINAL, [1, 32, 32]),
        'smallGooglenet': case(small_googlenet, googlenet_shapes(), [3, 28, 28]),
        'smallResnet(8)': case(small_resnet, small_resnet_shapes(1, 4), [3, 9, 8]),
        'smallResnet(8) in training': case(small_resnet, small_resnet_shapes(1, 4), [3, 9, 8], training=True),
        'smallResnet(8), plain': case(plain, small_resnet_shapes(1, 4), [3, 9, 8], training=True),
        'resnet(50)': case(resnet50, resnet50_shapes(), [3, 40, 36], gradients=False),
        'resnet(50) strided as by torchvision': case(
            lambda x, s, t: resnet50(x, s, t, 3), resnet50_shapes(), [3, 40, 36], gradients=False
        ),
    }
    result = {'torch': torch.__version__, 'cases': {name: brief(name, text) for name, text in cases.items()}}
    text = json.dumps(result, separators=(',', ':'))
    pathlib.Path(__file__).with_name('networks.json').write_text(text + '\n')
