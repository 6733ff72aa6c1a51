"""Writes schedules.json: the learning rates of PyTorch's schedulers, step by step.

Run with /usr/bin/python3 (Debian's python3-torch). Nothing is random, so there is no seed.
"""

import json
import math
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler

warnings.simplefilter('ignore')
STEPS = 60


def optimizer(rate):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate, momentum=0.9)


def curve(rate, make):
    target = optimizer(rate)
    scheduler = make(target)
    values = []
    for _ in range(STEPS):
        values.append(target.param_groups[0]['lr'])
        target.step()
        scheduler.step()
    return values


curves = {
    'stepDecay': curve(0.8, lambda o: lr_scheduler.StepLR(o, 10, 0.5)),
    'exponentialDecay': curve(0.8, lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
    'linear': curve(0.8, lambda o: lr_scheduler.LinearLR(o, 1, 0.25, 40)),
    'polynomial': curve(0.8, lambda o: lr_scheduler.PolynomialLR(o, 40, 2.5)),
    'cosineRestarts': curve(0.8, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 15, 1, 0.1)),
    'cosineRestarts, longer and longer': curve(
        0.8, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 8, 2, 0.1)
    ),
    'oneCycle': curve(0.8, lambda o: lr_scheduler.OneCycleLR(o, 0.8, total_steps=STEPS + 1)),
    'oneCycle, all given': curve(
        0.8,
        lambda o: lr_scheduler.OneCycleLR(
            o, 0.8, total_steps=STEPS + 1, pct_start=0.45, div_factor=4, final_div_factor=10
        ),
    ),
    'cyclic': curve(0.8, lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.8, 7, 4)),
    'cyclic, shrinking': curve(0.8, lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.8, 5, mode='triangular2')),
    'warmup': curve(0.8, lambda o: lr_scheduler.LinearLR(o, 0.125, 1, 20)),
}
# Its own recursion drifts by rounding; up to its end it is the closed form of SGDR's equation 5.
curves['cosine'] = curve(0.8, lambda o: lr_scheduler.CosineAnnealingLR(o, 40, 0.1))[:41]

# A metric that falls, bounces and stays.
metrics = [round(math.exp(-i / 8) + 0.05 * math.sin(3 * i), 4) if i < 25 else 0.05 for i in range(STEPS)]
metrics[12] = float('nan')


def plateau(values, **options):
    target = optimizer(0.8)
    scheduler = lr_scheduler.ReduceLROnPlateau(target, eps=0, **options)
    rates = []
    for value in values:
        scheduler.step(value)
        rates.append(target.param_groups[0]['lr'])
    return rates


plateaus = [
    {'options': {'patience': 3, 'factor': 0.5}, 'larger': False},
    {'options': {'patience': 2, 'factor': 0.5, 'cooldown': 4, 'min_lr': 0.1}, 'larger': False},
    {'options': {'patience': 0, 'factor': 0.3, 'threshold': 0.2}, 'larger': True},
]
for case in plateaus:
    given = [1 - value for value in metrics] if case['larger'] else metrics
    case['metrics'] = [None if math.isnan(value) else value for value in given]
    case['values'] = plateau(given, mode='max' if case['larger'] else 'min', **case['options'])

result = {'torch': torch.__version__, 'seed': None, 'curves': curves, 'plateaus': plateaus}
pathlib.Path(__file__).with_name('schedules.json').write_text(json.dumps(result) + '\n')
