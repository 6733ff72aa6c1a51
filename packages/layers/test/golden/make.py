"""Writes layers.json: PyTorch's values and gradients of layers, activations and losses on random inputs.

Run with /usr/bin/python3 (Debian's python3-torch).
"""

import json
import pathlib

import torch
from torch.nn import functional as F

SEED = 20
torch.manual_seed(SEED)
torch.set_default_dtype(torch.float64)


def case(function, *tensors, **extra):
    """Inputs, the value, and the gradient of Σ value · weights with respect to each floating input."""
    inputs = [t.clone().requires_grad_(t.is_floating_point()) for t in tensors]
    value = function(*inputs)
    weights = torch.randn(value.shape)
    (value * weights).sum().backward()
    return {
        'inputs': [t.detach().tolist() for t in inputs],
        'value': value.detach().tolist(),
        'weights': weights.tolist(),
        'gradients': [t.grad.tolist() for t in inputs if t.is_floating_point()],
        **extra,
    }


def batch_norm(training, *shape):
    """Batch normalization with running statistics, before and after."""
    features = shape[1]
    mean, variance = torch.randn(features), torch.rand(features) + 0.5
    before = [mean.tolist(), variance.tolist()]
    x, weight, bias = torch.randn(shape) * 2 + 1, torch.randn(features), torch.randn(features)
    result = case(
        lambda x, w, b: F.batch_norm(x, mean, variance, w, b, training, momentum=0.2, eps=1e-3), x, weight, bias
    )
    return {**result, 'buffers': before, 'buffersAfter': [mean.tolist(), variance.tolist()]}


def recurrent(kind, *state):
    """A recurrent layer from given states on: outputs at all moments and the states at the end, in one vector."""
    gates, units, inputs = (4 if len(state) == 2 else 3), 4, 3

    def run(x, *rest):
        given, weights = rest[: len(state)], rest[len(state) :]
        start = tuple(s.unsqueeze(0) for s in given)
        # What torch.nn.LSTM and torch.nn.GRU call: biases, one layer, no dropout, not bidirectional, batch first.
        output, *ends = kind(x, start if len(start) > 1 else start[0], weights, True, 1, 0.0, False, False, True)
        return torch.cat([t.flatten() for t in (output, *ends)])

    rows = gates * units
    weights = [torch.randn(rows, inputs), torch.randn(rows, units), torch.randn(rows), torch.randn(rows)]
    return case(run, torch.randn(2, 5, inputs), *state, *weights)


def hinge(power):
    # PyTorch divides by the number of classes, 7.
    return lambda scores, labels: 7 * F.multi_margin_loss(scores, labels, p=power, margin=1.5)


def contrastive(a, b, same):
    d = (a - b).norm(dim=1)
    return (0.5 * same * d**2 + 0.5 * (1 - same) * torch.clamp(2 - d, min=0) ** 2).mean()


def probabilities(*shape):
    return torch.softmax(torch.randn(shape), -1)


ACTIVATIONS = {
    'ReLU': F.relu,
    'LeakyReLU': lambda t: F.leaky_relu(t, 0.1),
    'Tanh': torch.tanh,
    'Sigmoid': torch.sigmoid,
    'Softplus': lambda t: F.softplus(t, threshold=100),
    'ELU': lambda t: F.elu(t, 1.5),
    'SELU': F.selu,
    'GELU': F.gelu,
    'GELU by tanh': lambda t: F.gelu(t, approximate='tanh'),
    'SiLU': F.silu,
}


def edges(function):
    """Values and derivatives where formulas change or break: around 0, and where exponentials over- and underflow."""
    x = torch.tensor([-1e4, -1000, -100, -20, -1e-30, -0.0, 0.0, 1e-30, 20, 100, 1000, 1e4], requires_grad=True)
    value = function(x)
    value.sum().backward()
    return {'x': x.tolist(), 'value': value.tolist(), 'gradient': x.grad.tolist()}


x = torch.randn(5, 7) * 3
large = torch.tensor([[1000.0, 999.0, -1000.0], [-1e4, -1e4, -1e4 + 2]])
result = {
    'torch': torch.__version__,
    'seed': SEED,
    'cases': {
        'linear': case(F.linear, torch.randn(2, 3, 4), torch.randn(5, 4), torch.randn(5)),
        'ReLU': case(F.relu, x),
        'LeakyReLU': case(lambda t: F.leaky_relu(t, 0.1), x),
        'Tanh': case(torch.tanh, x),
        'Sigmoid': case(torch.sigmoid, x),
        'Softplus': case(lambda t: F.softplus(t, threshold=1e9), x),
        'Softmax': case(lambda t: F.softmax(t, -1), x),
        'softmax of axis 0': case(lambda t: F.softmax(t, 0), x),
        'logSoftmax': case(lambda t: F.log_softmax(t, -1), x),
        'softmax of large scores': case(lambda t: F.softmax(t, -1), large),
        'logSoftmax of large scores': case(lambda t: F.log_softmax(t, -1), large),
        'crossEntropy': case(F.cross_entropy, x, torch.tensor([0, 6, 3, 3, 1])),
        'crossEntropy of large scores': case(F.cross_entropy, large, torch.tensor([2, 0])),
        'meanSquaredError': case(F.mse_loss, torch.randn(4, 3), torch.randn(4, 3)),
        'BatchNorm1d, training': batch_norm(True, 4, 3),
        'BatchNorm1d, inference': batch_norm(False, 4, 3),
        'BatchNorm1d of sequences, training': batch_norm(True, 2, 3, 4),
        'BatchNorm2d, training': batch_norm(True, 2, 3, 4, 3),
        'BatchNorm2d, inference': batch_norm(False, 2, 3, 2, 2),
        'LayerNorm': case(
            lambda x, w, b: F.layer_norm(x, [3, 4], w, b), torch.randn(2, 3, 4), torch.randn(3, 4), torch.randn(3, 4)
        ),
        'GroupNorm': case(
            lambda x, w, b: F.group_norm(x, 2, w, b), torch.randn(2, 4, 3, 2), torch.randn(4), torch.randn(4)
        ),
        'InstanceNorm': case(F.instance_norm, torch.randn(2, 3, 2, 3)),
        'InstanceNorm, affine': case(
            lambda x, w, b: F.instance_norm(x, weight=w, bias=b), torch.randn(2, 3, 4), torch.randn(3), torch.randn(3)
        ),
        'Bilinear': case(
            F.bilinear, torch.randn(2, 4, 3), torch.randn(2, 4, 5), torch.randn(2, 3, 5), torch.randn(2)
        ),
        'Embedding': case(lambda w: F.embedding(torch.tensor([[2, 0, 2], [1, 2, 4]]), w), torch.randn(5, 3)),
        'LSTM': recurrent(torch.lstm, torch.randn(2, 4), torch.randn(2, 4)),
        'GRU': recurrent(torch.gru, torch.randn(2, 4)),
        'ELU': case(ACTIVATIONS['ELU'], x),
        'SELU': case(F.selu, x),
        'GELU': case(F.gelu, x),
        'GELU by tanh': case(ACTIVATIONS['GELU by tanh'], x),
        'SiLU': case(F.silu, x),
        'LogSoftmax': case(lambda t: F.log_softmax(t, 0), x),
        'PReLU': case(F.prelu, torch.randn(3, 4), torch.randn(1)),
        'PReLU of channels': case(F.prelu, torch.randn(2, 3, 2, 2), torch.randn(3)),
        'Maxout': case(lambda t: t.reshape(2, 2, 3, 4).amax(2), torch.randn(2, 6, 4)),
        'crossEntropy, soft labels': case(F.cross_entropy, x, probabilities(5, 7)),
        'crossEntropy, soft labels, smoothed and weighted': case(
            lambda s, t: F.cross_entropy(s, t, label_smoothing=0.1, weight=torch.arange(1.0, 8)), x, probabilities(5, 7)
        ),
        'crossEntropy, smoothed': case(
            lambda s, t: F.cross_entropy(s, t, label_smoothing=0.1), x, torch.tensor([0, 6, 3, 3, 1])
        ),
        'crossEntropy, weighted': case(
            lambda s, t: F.cross_entropy(s, t, weight=torch.arange(1.0, 8)), x, torch.tensor([0, 6, 3, 3, 1])
        ),
        'crossEntropy, ignoring': case(
            lambda s, t: F.cross_entropy(s, t, ignore_index=-1), x, torch.tensor([0, -1, 3, -1, 1])
        ),
        'crossEntropy, everything': case(
            lambda s, t: F.cross_entropy(
                s, t, label_smoothing=0.2, weight=torch.arange(1.0, 8), ignore_index=3
            ),
            x,
            torch.tensor([0, 6, 3, 3, 1]),
        ),
        'crossEntropy, everything, sum': case(
            lambda s, t: F.cross_entropy(
                s, t, label_smoothing=0.2, weight=torch.arange(1.0, 8), ignore_index=3, reduction='sum'
            ),
            x,
            torch.tensor([0, 6, 3, 3, 1]),
        ),
        'crossEntropy, everything, each': case(
            lambda s, t: F.cross_entropy(
                s, t, label_smoothing=0.2, weight=torch.arange(1.0, 8), ignore_index=3, reduction='none'
            ),
            x,
            torch.tensor([0, 6, 3, 3, 1]),
        ),
        'binaryCrossEntropy': case(
            F.binary_cross_entropy_with_logits, torch.randn(4, 3) * 5, torch.rand(4, 3)
        ),
        'binaryCrossEntropy, weighted': case(
            lambda s, t: F.binary_cross_entropy_with_logits(s, t, pos_weight=torch.tensor([1.0, 2, 3])),
            torch.randn(4, 3) * 5,
            torch.rand(4, 3),
        ),
        'multiclassHinge': case(hinge(1), x, torch.tensor([0, 6, 3, 3, 1])),
        'multiclassHinge, squared': case(hinge(2), x, torch.tensor([0, 6, 3, 3, 1])),
        'meanAbsoluteError': case(F.l1_loss, torch.randn(4, 3), torch.randn(4, 3)),
        'huberLoss': case(lambda a, b: F.huber_loss(a, b, delta=0.7), torch.randn(4, 3), torch.randn(4, 3)),
        'huberLoss, each': case(
            lambda a, b: F.huber_loss(a, b, reduction='none'), torch.randn(4, 3), torch.randn(4, 3)
        ),
        'kullbackLeibler': case(
            lambda q, p: F.kl_div(q, p, reduction='batchmean'), torch.randn(4, 3), probabilities(4, 3)
        ),
        'contrastiveLoss': case(
            lambda a, b: contrastive(a, b, torch.tensor([1.0, 0, 0, 1, 0])), torch.randn(5, 3), torch.randn(5, 3)
        ),
        'tripletLoss': case(
            lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=1.5, eps=0),
            torch.randn(5, 3),
            torch.randn(5, 3),
            torch.randn(5, 3),
        ),
    },
    'edges': {name: edges(function) for name, function in ACTIVATIONS.items()},
}
pathlib.Path(__file__).with_name('layers.json').write_text(json.dumps(result) + '\n')
