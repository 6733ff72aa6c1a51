"""Writes trajectories.json: 50 steps of every update rule on two functions and a small network, float64 and float32.

Run with /usr/bin/python3 (Debian's python3-torch and python3-numpy). Nothing is random, so there is no seed. Where PyTorch
has the rule, PyTorch walks; the others walk by NumPy, written here from the papers' algorithms. Gradients are PyTorch's.
"""

import json
import math
import pathlib

import numpy
import torch

STEPS = 50


def quadratic(parameters):
    """A bowl that is 25 times as steep one way as the other."""
    (x,) = parameters
    scale = torch.tensor([1.0, 25.0, 4.0], dtype=x.dtype)
    return 0.5 * (scale * x * x).sum()


def rosenbrock(parameters):
    x = parameters[0].reshape(2)
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def network(parameters):
    """Five examples through three inputs, four tanh units with biases, two outputs; mean squared error."""
    weight, bias, output = parameters
    inputs = torch.sin(torch.arange(15, dtype=torch.float64).reshape(5, 3)).to(weight.dtype)
    targets = torch.cos(torch.arange(10, dtype=torch.float64).reshape(5, 2)).to(weight.dtype)
    return ((torch.tanh(inputs @ weight.T + bias) @ output.T - targets) ** 2).mean()


def waves(*shape):
    count = math.prod(shape)
    return [round(math.sin(1.7 * i + count), 4) for i in range(count)]


# The function, its start as (shape, values), how much smaller learning rates are there, and the steps to write down.
every = list(range(1, STEPS + 1))
PROBLEMS = {
    'quadratic': (quadratic, [((3,), [2.0, -1.0, 0.5])], 1.0, every),
    'rosenbrock': (rosenbrock, [((2,), [-1.2, 1.0])], 0.02, every),
    'network': (
        network,
        [((4, 3), waves(4, 3)), ((4,), waves(4)), ((2, 4), waves(2, 4))],
        0.25,
        [1, 2, 10, 30, 50],
    ),
    # For the rule that takes matrices only: a row instead of a vector, and the bias stays where it is.
    'quadratic row': (quadratic, [((1, 3), [2.0, -1.0, 0.5])], 1.0, every),
    'rosenbrock row': (rosenbrock, [((1, 2), [-1.2, 1.0])], 0.02, every),
    'network matrices': (
        lambda parameters: network(
            [parameters[0], torch.tensor(waves(4), dtype=parameters[0].dtype), parameters[1]]
        ),
        [((4, 3), waves(4, 3)), ((2, 4), waves(2, 4))],
        0.25,
        [1, 2, 10, 30, 50],
    ),
}


class Numpy:
    """A rule for each parameter alone, as an optimizer that PyTorch could have."""

    def __init__(self, parameters, update, **options):
        self.parameters, self.update, self.options = parameters, update, options
        self.states = [{} for _ in parameters]
        self.time = 0

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    def step(self):
        self.time += 1
        for parameter, state in zip(self.parameters, self.states):
            x, g = parameter.detach().numpy(), parameter.grad.numpy()
            if not state:
                state.update(m=numpy.zeros_like(x), v=numpy.zeros_like(x), product=1.0)
            x[...] = self.update(x, g, state, self.time, **self.options)


def means(g, state, beta1, beta2):
    state['m'] = beta1 * state['m'] + (1 - beta1) * g
    state['v'] = beta2 * state['v'] + (1 - beta2) * g * g
    return state['m'], state['v']


def adam_uncorrected(x, g, state, t, lr, beta1, beta2, eps):
    """Kingma & Ba (2015), algorithm 1 without its two lines of correction."""
    m, v = means(g, state, beta1, beta2)
    return x - lr * m / (numpy.sqrt(v) + eps)


def nadam(x, g, state, t, lr, beta1, beta2, eps, decay):
    """Dozat (2016), algorithm 2, m averaged by beta1 as in PyTorch's documentation."""
    m, v = means(g, state, beta1, beta2)
    mu = beta1 * (1 - 0.5 * 0.96 ** (t * decay))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * decay))
    state['product'] *= mu
    mean = mu_next * m / (1 - state['product'] * mu_next) + (1 - mu) * g / (1 - state['product'])
    return x - lr * mean / (numpy.sqrt(v / (1 - beta2**t)) + eps)


def lion(x, g, state, t, lr, beta1, beta2, decay):
    """Chen et al. (2023), algorithm 2."""
    update = numpy.sign(beta1 * state['m'] + (1 - beta1) * g)
    state['m'] = beta2 * state['m'] + (1 - beta2) * g
    return x - lr * (update + decay * x)


def lamb(x, g, state, t, lr, beta1, beta2, eps, decay):
    """You et al. (2020), algorithm 2 with the identity for phi."""
    m, v = means(g, state, beta1, beta2)
    ratio = (m / (1 - beta1**t)) / (numpy.sqrt(v / (1 - beta2**t)) + eps)
    update = ratio + decay * x
    return x - lr * numpy.linalg.norm(x) / numpy.linalg.norm(update) * update


def muon(x, g, state, t, lr, mu, decay):
    """Jordan et al. (2024), with Nesterov's momentum; the polynomial by hand on the smaller side."""
    state['m'] = mu * state['m'] + g
    m = g + mu * state['m']
    m = m / (numpy.linalg.norm(m) + 1e-7)
    for _ in range(5):
        if m.shape[0] <= m.shape[1]:
            gram = m @ m.T
            m = 3.4445 * m + (-4.775 * gram + 2.0315 * gram @ gram) @ m
        else:
            gram = m.T @ m
            m = 3.4445 * m + m @ (-4.775 * gram + 2.0315 * gram @ gram)
    return x - lr * decay * x - lr * math.sqrt(max(1, x.shape[0] / x.shape[1])) * m


BETAS = {'betas': (0.8, 0.95), 'eps': 1e-6}
OURS = {'beta1': 0.8, 'beta2': 0.95}
optim = torch.optim

# Learning rates are those of the quadratic; Rosenbrock's walls are steeper and get a fiftieth of them. The network gets a
# quarter: where an adaptive rule bounces about the bottom, PyTorch's own float32 and float64 part by per cents.
RULES = {
    'sgd': (optim.SGD, {'lr': 0.03}),
    'momentum': (optim.SGD, {'lr': 0.01, 'momentum': 0.9}),
    'nesterov': (optim.SGD, {'lr': 0.01, 'momentum': 0.9, 'nesterov': True}),
    'nesterov, decayed': (
        optim.SGD,
        {'lr': 0.01, 'momentum': 0.9, 'nesterov': True, 'weight_decay': 0.1},
    ),
    'adagrad': (optim.Adagrad, {'lr': 0.3, 'eps': 1e-3}),
    'rmsprop': (optim.RMSprop, {'lr': 0.02, 'alpha': 0.9, 'eps': 1e-3}),
    'rmsprop, centered': (optim.RMSprop, {'lr': 0.02, 'alpha': 0.9, 'eps': 1e-3, 'centered': True}),
    'rmsprop, centered, with momentum': (
        optim.RMSprop,
        {'lr': 0.005, 'alpha': 0.9, 'eps': 1e-3, 'centered': True, 'momentum': 0.8},
    ),
    'adadelta': (optim.Adadelta, {'lr': 0.5, 'rho': 0.9, 'eps': 1e-3}),
    'adam': (optim.Adam, {'lr': 0.1, **BETAS}),
    'adam, uncorrected': (Numpy, {'update': adam_uncorrected, 'lr': 0.05, **OURS, 'eps': 1e-6}),
    'adam, decayed': (optim.Adam, {'lr': 0.1, **BETAS, 'weight_decay': 0.1}),
    'adamw': (optim.AdamW, {'lr': 0.1, **BETAS, 'weight_decay': 0.1}),
    'amsgrad': (optim.Adam, {'lr': 0.1, **BETAS, 'amsgrad': True}),
    'adamax': (optim.Adamax, {'lr': 0.1, 'betas': (0.8, 0.95), 'eps': 1e-3}),
    'nadam': (Numpy, {'update': nadam, 'lr': 0.1, **OURS, 'eps': 1e-6, 'decay': 0.1}),
    'radam': (optim.RAdam, {'lr': 0.1, 'betas': (0.8, 0.95), 'eps': 1e-3}),
    'lion': (Numpy, {'update': lion, 'lr': 0.02, 'beta1': 0.9, 'beta2': 0.95, 'decay': 0.1}),
    'lamb': (Numpy, {'update': lamb, 'lr': 0.05, **OURS, 'eps': 1e-3, 'decay': 0.1}),
    'muon': (Numpy, {'update': muon, 'lr': 0.05, 'mu': 0.9, 'decay': 0.1}),
}
FOR_MATRICES = {'muon'}

runs = []
for rule, (optimizer_class, options) in RULES.items():
    for problem, (function, start, slower, written) in PROBLEMS.items():
        if (problem.endswith(('row', 'matrices'))) != (rule in FOR_MATRICES):
            continue
        for name, dtype in [('float64', torch.float64), ('float32', torch.float32)]:
            parameters = [
                torch.tensor(values, dtype=dtype).reshape(shape).requires_grad_() for shape, values in start
            ]
            rate = options['lr'] * slower
            optimizer = optimizer_class(parameters, **{**options, 'lr': rate})
            path = []
            for step in range(1, STEPS + 1):
                optimizer.zero_grad()
                function(parameters).backward()
                optimizer.step()
                if step in written:
                    flat = torch.cat([x.detach().double().flatten() for x in parameters])
                    path.append([float(f'{value:.10g}') for value in flat.tolist()])
            runs.append(
                {'rule': rule, 'problem': problem, 'dtype': name, 'learningRate': rate, 'path': path}
            )

problems = {
    name: {'start': [{'shape': shape, 'values': values} for shape, values in start], 'steps': written}
    for name, (_, start, _, written) in PROBLEMS.items()
}
result = {
    'torch': torch.__version__,
    'numpy': numpy.__version__,
    'seed': None,
    'problems': problems,
    'runs': runs,
}
pathlib.Path(__file__).with_name('trajectories.json').write_text(json.dumps(result) + '\n')
