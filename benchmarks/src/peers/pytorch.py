"""PyTorch, asked as the other contenders are (see ../serve.ts): a line of JSON in, a line of JSON out."""

import json
import sys
import time

import numpy as np
import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))


def values(numbers):
    """The numbers of ../numbers.ts, to the bit."""
    count = int(np.prod(numbers["shape"], dtype=np.int64))
    h = np.arange(1, count + 1, dtype=np.uint32)
    h *= np.uint32(0x9E3779B1)
    h ^= np.uint32(((numbers["seed"] + 1) * 0x7FEB352D) % 2**32)
    h = (h ^ (h >> 16)) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * np.uint32(0xC2B2AE35)
    h ^= h >> 16
    result = numbers["offset"] + numbers["spread"] * (h / 2.0**31 - 1)
    result = np.floor(result).astype(np.int64) if numbers["integers"] else result.astype(np.float32)
    return torch.from_numpy(result.reshape(numbers["shape"]))


def module(place):
    layer, inputs = place["layer"], place["input"]
    kind = layer["kind"]
    if kind == "linear":
        made = nn.Linear(inputs[0], layer["outputs"])
    elif kind == "convolution":
        made = nn.Conv2d(inputs[0], layer["outputs"], layer["kernelSize"], padding=layer["padding"])
    elif kind == "batchNorm":
        made = nn.BatchNorm2d(inputs[0])
    else:
        made = {
            "maxPool": lambda: nn.MaxPool2d(2),
            "dropout": lambda: nn.Dropout(layer["rate"]),
            "flatten": nn.Flatten,
            "relu": nn.ReLU,
            "tanh": nn.Tanh,
        }[kind]()
    with torch.no_grad():
        for parameter, numbers in zip(made.parameters(), place["parameters"]):
            parameter.copy_(values(numbers))
    return made


def optimizer_of(choice, parameters):
    if choice["name"] == "adam":
        return torch.optim.Adam(parameters, lr=choice["learningRate"])
    return torch.optim.SGD(parameters, lr=choice["learningRate"], momentum=choice["momentum"])


class Keeping:
    """A task whose result is looked at afterwards."""

    def __init__(self, compute):
        self.compute = compute
        self.value = None

    def run(self):
        self.value = self.compute()

    def result(self):
        return self.value


def prepare(task, layers):
    kind = task["kind"]
    if kind == "matmul":
        left, right = values(task["left"]), values(task["right"])
        if task["transposed"] == "left":
            left = left.T
        if task["transposed"] == "right":
            right = right.T
        return Keeping(lambda: left @ right)
    if kind == "convolution":
        x, w, dy = values(task["images"]), values(task["weights"]), values(task["outputs"])
        padding = task["padding"]
        if task["pass"] == "forward":
            return Keeping(lambda: nn.functional.conv2d(x, w, padding=padding))
        by_data = task["pass"] == "byData"
        mask = [by_data, not by_data, False]
        sizes = ([1, 1], [padding, padding], [1, 1], False, [0, 0], 1)
        backward = torch.ops.aten.convolution_backward
        return Keeping(lambda: backward(dy, x, w, None, *sizes, mask)[0 if by_data else 1])
    if kind == "chain":
        a, b, c, d = map(values, task["operands"])
        return Keeping(lambda: torch.tanh(a * b + c) * d)
    if kind == "sum":
        operand = values(task["operand"])
        return Keeping(operand.sum)
    if kind == "adam":
        parameter = nn.Parameter(values(task["parameter"]))
        parameter.grad = values(task["gradient"])
        optimizer = optimizer_of(task["optimizer"], [parameter])

        def update():
            optimizer.step()
            return parameter.detach()

        return Keeping(update)
    model = nn.Sequential(*map(module, layers))
    if kind == "inference":
        image = values(task["input"]).numpy()
        model.eval()

        def infer():
            with torch.inference_mode():
                return torch.from_numpy(model(torch.from_numpy(image)).numpy())

        return Keeping(infer)
    return Training(task, model)


class Training:
    def __init__(self, task, model):
        self.model = model
        self.inputs, self.targets = values(task["inputs"]), values(task["targets"])
        self.optimizer = optimizer_of(task["optimizer"], model.parameters())
        self.loss = nn.CrossEntropyLoss() if task["loss"] == "crossEntropy" else nn.MSELoss()

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.model(self.inputs), self.targets)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def result(self):
        return None


def run_for(task, milliseconds):
    runs, chunk, elapsed = 0, 1, 0.0
    start = time.perf_counter()
    while True:
        for _ in range(chunk):
            loss = task.run()
        runs += chunk
        elapsed = 1e3 * (time.perf_counter() - start)
        if elapsed >= milliseconds:
            return {"runs": runs, "milliseconds": elapsed, "loss": loss}
        if elapsed < milliseconds / 20:
            chunk *= 2


def samples(result):
    flat = np.asarray(result).reshape(-1)
    count = min(64, flat.size)
    places = [i * (flat.size - 1) // max(1, count - 1) for i in range(count)]
    return [float(flat[place]) for place in places]


prepared = None
for line in sys.stdin:
    request = json.loads(line)
    try:
        if request["do"] == "prepare":
            prepared = None  # gives memory back first
            prepared = prepare(request["task"], request.get("layers", []))
            reply = {}
        elif request["do"] == "run":
            reply = run_for(prepared, request["milliseconds"])
        elif request["do"] == "sample":
            reply = {"samples": samples(prepared.result())}
        else:
            prepared = None
            reply = {}
    except Exception as error:  # told to whoever asked
        reply = {"cannot": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
