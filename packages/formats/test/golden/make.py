"""Writes formats.json: files as NumPy and PyTorch write and read them, in base64, and the values they hold.

Run with /usr/bin/python3 (Debian's python3-torch and python3-numpy). The Python package `safetensors` is not in Debian 12:
its layout is written here by hand, from the description of the format, with PyTorch's bytes, and read back by PyTorch.
"""

import base64
import io
import json
import pathlib
import struct

import numpy as np
import torch

SEED = 20
torch.manual_seed(SEED)
np.random.seed(SEED)


def base64_of(data):
    return base64.b64encode(data).decode()


def values_of(array):
    """Nested lists; what JSON has no number for as text."""
    flat = [x if np.isfinite(x) else str(x) for x in np.asarray(array).reshape(-1).tolist()]
    return {'shape': list(array.shape), 'values': flat}


# safetensors

NAMES = {
    torch.float64: 'F64', torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64',
    torch.int32: 'I32', torch.int16: 'I16', torch.int8: 'I8', torch.uint8: 'U8', torch.bool: 'BOOL',
}


def bytes_of(value):
    value = value.contiguous()
    return (value.view(torch.int16) if value.dtype == torch.bfloat16 else value).numpy().tobytes()


def write(tensors, metadata):
    ordered = sorted(tensors.items(), key=lambda item: -item[1].element_size())
    header, data = ({'__metadata__': metadata} if metadata else {}), b''
    for name, value in ordered:
        end = len(data) + len(bytes_of(value))
        header[name] = {'dtype': NAMES[value.dtype], 'shape': list(value.shape), 'data_offsets': [len(data), end]}
        data += bytes_of(value)
    text = json.dumps(header, separators=(',', ':'), ensure_ascii=False).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + data


def read(file):
    (length,) = struct.unpack('<Q', file[:8])
    header = json.loads(file[8 : 8 + length])
    types = {name: dtype for dtype, name in NAMES.items()}
    tensors = {}
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        begin, end = entry['data_offsets']
        part = bytearray(file[8 + length + begin : 8 + length + end])
        dtype = types[entry['dtype']]
        tensors[name] = (torch.frombuffer(part, dtype=dtype) if part else torch.empty(0, dtype=dtype)).reshape(entry['shape'])
    return tensors


def safetensors(tensors, metadata):
    file = write(tensors, metadata)
    back = read(file)
    assert back.keys() == tensors.keys()
    for name, value in tensors.items():
        assert back[name].dtype == value.dtype and back[name].shape == value.shape
        assert bytes_of(back[name]) == bytes_of(value)
    values = {
        name: {'type': NAMES[value.dtype], **values_of(value.double().numpy())} for name, value in tensors.items()
    }
    return {'file': base64_of(file), 'tensors': values, 'metadata': metadata}


own = safetensors(
    {
        'features.0.weight': torch.randn(3, 2, dtype=torch.float32),
        'features.0.bias': torch.randn(3, dtype=torch.float32),
        'exact': torch.randn(2, 2, dtype=torch.float64),
        'labels': torch.tensor([-2147483648, 0, 2147483647], dtype=torch.int32),
        'pixels': torch.arange(5, dtype=torch.uint8) * 60,
        'mask': torch.tensor([[True, False]]),
        'größe': torch.tensor(2.5, dtype=torch.float32),
        'empty': torch.zeros(0, 4, dtype=torch.float32),
    },
    {'format': 'pt', 'epoch': '7'},
)
special = torch.tensor([0.0, -0.0, 1.0, -1.5, 65504.0, 2.0**-24, 2.0**-14, float('inf'), float('-inf'), float('nan')])
others = safetensors(
    {
        'half': torch.cat([special, torch.randn(20)]).half(),
        'brain': torch.cat([special, torch.randn(20) * 1e30]).bfloat16(),
        'batches': torch.tensor(123456, dtype=torch.int64),
        'short': torch.tensor([-32768, 32767], dtype=torch.int16),
        'byte': torch.tensor([-128, 127], dtype=torch.int8),
    },
    {},
)
torch.manual_seed(SEED)
linear = torch.nn.Linear(3, 2)
x = torch.randn(4, 3)
model = {
    **safetensors({name: value.detach() for name, value in linear.state_dict().items()}, {}),
    'x': values_of(x.numpy()),
    'y': values_of(linear(x).detach().numpy()),
}

# npy


def saved(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return {'type': array.dtype.str, 'file': base64_of(file.getvalue()), **values_of(array)}


def written(array):
    """What we write: read by NumPy."""
    text = str({'descr': array.dtype.str, 'fortran_order': False, 'shape': array.shape})[:-1] + ', }'
    text += ' ' * (-(10 + len(text) + 1) % 64) + '\n'
    file = b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text)) + text.encode() + array.tobytes()
    back = np.load(io.BytesIO(file))
    assert back.dtype == array.dtype and back.shape == array.shape and back.tobytes() == array.tobytes()
    return {'type': array.dtype.str, 'file': base64_of(file), **values_of(array)}


noise = np.random.randn(2, 3, 2)
arrays = [saved((noise * 100).astype(name)) for name in ['<f8', '<f4', '<f2', '<i8', '<i4', '<i2', '|i1', '>f8', '>f4', '>i2', '>i8']]
arrays += [saved(np.abs(noise * 50).astype(name)) for name in ['|u1', '<u2', '<u4', '>u4', '<u8']]
arrays += [
    saved(noise > 0),
    saved(np.asfortranarray(noise.astype('<f4'))),
    saved(np.asfortranarray(noise[0])),
    saved(np.float32(2.5)[()].reshape(())),
    saved(np.zeros((0, 3), '<f4')),
    saved(np.arange(4.0), (1, 0)),
    saved(np.arange(4.0), (2, 0)),
    saved(np.arange(4.0), (3, 0)),
]
ours = [written(a) for a in [noise, noise.astype('<f4'), np.arange(7, dtype='<i4'), np.arange(6, dtype='|u1').reshape(1, 6), noise > 0, np.array(2.5, '<f4'), np.zeros((3, 0))]]

text = json.dumps(
    {
        'versions': {'torch': torch.__version__, 'numpy': np.__version__, 'seed': SEED},
        'safetensors': {'own': own, 'others': others, 'linear': model},
        'npy': {'saved': arrays, 'written': ours},
    },
    indent=1,
)
pathlib.Path(__file__).with_name('formats.json').write_text(text + '\n')
