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
    },
}
pathlib.Path(__file__).with_name('layers.json').write_text(json.dumps(result) + '\n')
