"""The echo itself, in NumPy and nothing else: what the layers for PyTorch and JAX do for you.

Coupled oscillators are let go and must be at a given place when the run ends; from where, and how fast, is learned, and how stiff they
are. The steps of learning:

1. round the weights and the start to the device's codes;
2. run forward; what comes back is the last midpoint position;
3. hand the loss's derivative to `Echo.backward`: it flips all momenta and lets two nudged echoes return, which differ by the gradient;
4. follow it, and begin again.

No trajectory is kept: from step 2 to step 3 there are only the inputs and the two ends.
"""

import numpy as np

from loschmidt.host import parameters
from loschmidt.host.devices import open_device
from loschmidt.host.echo import Echo, Readout
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import State
from loschmidt.spec.run import Direction, Run
from loschmidt.spec.shape import Shape

N, STEPS, S = 8, 200, 4  # oscillators, time steps, time step 2^-4
shape = Shape(oscillators=N, inputs=1, lanes=4, input_depth=STEPS)
device = open_device("emulator", shape)
echo = Echo(device, Hamiltonian.SPRINGS, S)

# The springs: `initial` gives real weights, `quantise` their codes.
generator = np.random.default_rng(0)
weights = parameters.initial(Hamiltonian.SPRINGS, N, 1, generator)
inputs = [np.zeros((STEPS, 1), dtype=np.int64)]  # nothing drives them
position, momentum, target = np.zeros(N), np.zeros(N), generator.uniform(-0.5, 0.5, N)

for _ in range(60):
    echo.load(parameters.quantise(weights, Hamiltonian.SPRINGS, shape))
    start = [parameters.codes_of(real, shape.formats.state, "start") for real in (position, momentum)]
    forward = echo.forward(inputs, start[0], start[1], Readout.LAST)
    error = np.asarray(forward.output) - target  # (1, N), the derivative of half its square
    gradient = echo.backward(forward, error)
    position -= 0.5 * gradient.position0[0]
    momentum -= 0.5 * gradient.momentum0[0]
    weights["stiffness"] -= 0.002 * gradient.parameters["stiffness"]

# The detector: the echo's exact end is known, it is the start. So how far it can be trusted costs nothing to say.
report = gradient.report[0]

# And the promise beneath all of it: an echo that is not nudged returns to the last bit.
device.write(State.POSITION, start[0][None])
device.write(State.MOMENTUM, start[1][None])
device.run([Run(context=0, steps=STEPS)])
device.flip(0)
device.run([Run(context=0, steps=STEPS, direction=Direction.DESCENDING)])
assert (device.read(State.POSITION)[0] == start[0]).all()

print(f"off the target by {np.abs(error).max():.1e}; asymmetry {report.asym:.1e}, so trusted: {report.trusted}; returned exactly")
