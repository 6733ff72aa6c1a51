"""Writes trajectories.json: 50 steps of PyTorch's optimizers on two functions, in float64 and float32.

Run with /usr/bin/python3 (Debian's python3-torch). Nothing is random, so there is no seed.
"""

import json
import pathlib

import torch

STEPS = 50


def quadratic(x):
    """A bowl that is 25 times as steep one way as the other."""
    scale = torch.tensor([1.0, 25.0, 4.0], dtype=x.dtype)
    return 0.5 * (scale * x * x).sum()


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


PROBLEMS = {
    'quadratic': (quadratic, [2.0, -1.0, 0.5], 1.0),
    'rosenbrock': (rosenbrock, [-1.2, 1.0], 0.02),
}

# Learning rates on the quadratic; Rosenbrock's walls are steeper and get a fiftieth of them.
RULES = {
    'sgd': (torch.optim.SGD, {'lr': 0.03}),
    'momentum': (torch.optim.SGD, {'lr': 0.01, 'momentum': 0.9}),
    'adam': (torch.optim.Adam, {'lr': 0.1, 'betas': (0.8, 0.95), 'eps': 1e-6}),
    'rmsprop': (torch.optim.RMSprop, {'lr': 0.02, 'alpha': 0.9, 'eps': 1e-8}),
}

runs = []
for problem, (function, start, slower) in PROBLEMS.items():
    for rule, (optimizer_class, options) in RULES.items():
        for name, dtype in [('float64', torch.float64), ('float32', torch.float32)]:
            x = torch.tensor(start, dtype=dtype, requires_grad=True)
            rate = options['lr'] * slower
            optimizer = optimizer_class([x], **{**options, 'lr': rate})
            path = []
            for _ in range(STEPS):
                optimizer.zero_grad()
                function(x).backward()
                optimizer.step()
                path.append(x.detach().double().tolist())
            runs.append(
                {'problem': problem, 'rule': rule, 'dtype': name, 'start': start, 'learningRate': rate, 'path': path}
            )

result = {'torch': torch.__version__, 'seed': None, 'steps': STEPS, 'runs': runs}
pathlib.Path(__file__).with_name('trajectories.json').write_text(json.dumps(result) + '\n')
