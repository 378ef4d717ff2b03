"""A forked child works on with what its parent has used: `multiprocessing`'s default on Linux for long, and PyTorch's loaders'."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: A child waits for ever for a thread or a lock that only its parent has; an alarm ends it then.
START = """
import os, signal, threading
import numpy as np

def in_a_child(work):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        work()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the child did not end"
"""

WORKERS = """
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.hamiltonian import Product
from loschmidt.spec.region import State
from loschmidt.spec.run import Accumulate, Run
from loschmidt.spec.shape import Shape

device = Emulator(Shape(4, 2, 2, 8, 2, 16, 16, 16), workers=2)
start = np.arange(32).reshape(8, 4) << 18

def results(device):
    device.clear()
    device.write(State.POSITION, start)
    device.run([Run(context=c, steps=16, accumulate=Accumulate.ADD) for c in range(8)])
    return [device.read(State.POSITION, 0, 8), *(device.read(product) for product in Product)]

expected = [results(device) for _ in range(20)][-1]  # both threads have been at work, and wait for more

def work():
    assert all(np.array_equal(x, y) for x, y in zip(results(device), expected))
    device.close()
    in_a_child(lambda: results(device))
    results(device)

in_a_child(work)
# As at a fork in the middle of another thread's run: sums that are not taken yet.
device._sums[0].coupling[...] += 1
in_a_child(work)
device._sums[0].coupling[...] -= 1
work()
"""

LAYER = """
from loschmidt.host.layer import Layer, _lock
from loschmidt.sim.emulator import Emulator

layer = Layer(2, 4, device="emulator")
masters = layer.initial(np.random.default_rng(0))

def results():
    entered = layer.enter(masters, np.ones((4, 8, 2)) / 9, None, np.zeros((4, 4)), np.zeros((4, 4)))
    ran, output = layer.forward(entered)
    layer.backward(entered, ran, np.ones(output.shape), True)

results()
holds, done = threading.Event(), threading.Event()

def hold():
    with _lock(layer), _lock(layer._echo.device):
        holds.set()
        done.wait()

thread = threading.Thread(target=hold, daemon=True)
thread.start()
holds.wait()
in_a_child(results)
done.set()
thread.join()
results()
"""

LOADER = """
import torch
from loschmidt.host.torch import EchoLayer
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.shape import Shape

class Features(torch.utils.data.Dataset):
    def __init__(self):
        self.layer = EchoLayer(2, 4, device=Emulator(Shape(4, 2, 2, 8, 2, 64, 64, 64), workers=2))
    def __len__(self):
        return 3
    def __getitem__(self, index):
        with torch.no_grad():
            return self.layer(torch.full((8, 8, 2), index / 9))

data = Features()
for _ in range(20):
    expected = [data[index] for index in range(3)]
loader = torch.utils.data.DataLoader(data, batch_size=None, num_workers=1, timeout=20, multiprocessing_context="fork")
assert all(torch.equal(x, y) for x, y in zip(loader, expected, strict=True))
"""

SCRIPTS = {"workers": WORKERS, "held locks": LAYER, "PyTorch's loader": LOADER}


@pytest.mark.parametrize("script", SCRIPTS)
def test_forked_child_works(script: str) -> None:
    ran = subprocess.run([sys.executable, "-c", START + SCRIPTS[script]], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
