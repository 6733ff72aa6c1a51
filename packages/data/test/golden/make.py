"""Writes data.json: NumPy's preprocessing and SciPy's rotated and scaled pictures.

Run with /usr/bin/python3 (Debian's python3-numpy and python3-scipy).
"""

import json
import pathlib

import numpy as np
import scipy
from scipy import ndimage

SEED = 20
random = np.random.RandomState(SEED)

# [examples, channels, height, width]; one pixel is always the same.
x = random.randn(12, 2, 2, 2).astype('float32')
x[:, 0, 0, 0] = 0.25
d = x.astype('float64')
rows = d.reshape(12, -1)
centered = rows - rows.mean(0)
values, vectors = np.linalg.eigh(centered.T @ centered / 12)
values, vectors = values[::-1], vectors.T[::-1]
vectors = np.array([v * np.sign(v[np.argmax(np.abs(v))]) for v in vectors])

picture = random.rand(5, 7).astype('float32')
middle = (np.array(picture.shape) - 1) / 2


def about_middle(matrix):
    return ndimage.affine_transform(
        picture.astype('float64'), matrix, middle - matrix @ middle, order=1, mode='grid-constant', cval=0.5
    )


def rotated(degrees):
    """Counterclockwise, as one sees it: rows count downwards."""
    a = np.deg2rad(degrees)
    return about_middle(np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]))


text = json.dumps(
    {
        'versions': {'numpy': np.__version__, 'scipy': scipy.__version__, 'seed': SEED},
        'images': x.reshape(-1).tolist(),
        'pixel': {'mean': rows.mean(0).tolist(), 'deviation': rows.std(0).tolist()},
        'channel': {'mean': d.mean((0, 2, 3)).tolist(), 'deviation': d.std((0, 2, 3)).tolist()},
        'components': {
            'variances': values.tolist(),
            'directions': vectors[:6].reshape(-1).tolist(),
            'projected': (centered @ vectors[:6].T).reshape(-1).tolist(),
            'whitened': (centered @ vectors[:6].T / np.sqrt(values[:6] + 0.01)).reshape(-1).tolist(),
        },
        'picture': picture.reshape(-1).tolist(),
        'rotated': [{'degrees': a, 'pixels': rotated(a).reshape(-1).tolist()} for a in [-90, -20, 0, 33, 180]],
        'scaled': [{'factor': f, 'pixels': about_middle(np.eye(2) / f).reshape(-1).tolist()} for f in [0.5, 0.9, 1, 1.3]],
    },
    indent=1,
)
pathlib.Path(__file__).with_name('data.json').write_text(text + '\n')
