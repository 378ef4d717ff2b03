# %% [markdown]
"""An oscillator array as a layer of an ordinary PyTorch model.

Noisy waves of three rhythms, told apart by a model of three parts: a linear layer, an array of oscillators that resonate, a linear layer.
Nothing here knows that the middle one runs in integers on a device and takes its gradient by reversing time: `loss.backward()` asks it,
and it runs two nudged echoes. Try ``device="rtl"`` for the gateware itself (slow), or a board's port.

Run as a script, or cell by cell in an editor that knows ``# %%``.
"""

import torch
from torch import nn

from loschmidt.host.torch import EchoLayer

torch.manual_seed(0)
torch.set_num_threads(1)  # for layers as small as these, threads only wait for each other

# %% The data: 192 sequences of 40 steps, rhythms of 0.1, 0.2 and 0.3 radians a step, random phase, and noise.
labels = torch.arange(192) % 3
phase = 6.28 * torch.rand(192, 1)
waves = torch.sin(torch.arange(40) * (labels[:, None] + 1) * 0.1 + phase) / 4 + 0.05 * torch.randn(192, 40)
samples = waves[:, :, None]  # (batch, steps, channels)
train, test = (torch.utils.data.TensorDataset(samples[half], labels[half]) for half in (slice(0, 128), slice(128, None)))

# %% The model. An array's time step is 2^-step: here an oscillator of unit frequency turns by a
# quarter of a radian a step, amid the waves' rhythms.
array = EchoLayer(inputs=2, oscillators=16, hamiltonian="dense", step=2, readout="every")


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enter, self.array, self.leave = nn.Linear(1, 2), array, nn.Linear(16, 3)

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        positions = self.array(self.enter(u))  # (batch, steps, oscillators)
        energy: torch.Tensor = self.leave(positions.square().mean(dim=1))
        return energy


model = Classifier()

# %% Training, as always. The optimiser holds the array's couplings, masses and stiffnesses beside the linear layers' weights.
optimiser = torch.optim.AdamW(model.parameters(), lr=0.02)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=8)
for _ in range(8):
    for u, label in torch.utils.data.DataLoader(train, batch_size=16, shuffle=True):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(u), label).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    schedule.step()

# %% The detector's word on the last minibatch: a gradient is worth trusting while asymmetry and deviation stay small.
trusted = sum(report.trusted for report in array.report)

# %% Testing: without a gradient to be taken, no echo is run.
model.eval()
with torch.no_grad():
    right = (model(test[:][0]).argmax(dim=1) == test[:][1]).float().mean().item()
print(f"told apart: {right:.0%} of {len(test)} unseen waves; trusted gradients in the last minibatch: {trusted} of {len(array.report)}")
