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
    },
}
pathlib.Path(__file__).with_name('layers.json').write_text(json.dumps(result) + '\n')
