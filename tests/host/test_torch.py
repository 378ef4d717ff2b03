"""PyTorch layers: gradients like those of autograd through the same steps, alone and stacked; and what else PyTorch asks of a layer."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from loschmidt.host import echo
from loschmidt.host.echo import EchoGradient, Readout
from loschmidt.host.errors import ConfigError, DeviceError, UntrustedGradientError, UntrustedGradientWarning
from loschmidt.host.input_slope import InputSlope
from loschmidt.host.parameters import gradient_from_products
from loschmidt.host.torch import EchoLayer
from loschmidt.host.verify import agreement
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.errors import LoschmidtError, SpecError
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.run import Accumulate, Run
from loschmidt.spec.shape import Shape

from .broken import InputsAlwaysAscend, NudgesBackwards
from .torch_bptt import twin

N, M, T = 6, 3, 40
LENGTHS = [40, 17, 29, 1, 33]
NAMES = [hamiltonian.name.lower() for hamiltonian in Hamiltonian]
READOUTS = [readout.value for readout in Readout]
COSINE = 0.999
# Threads would only wait for each other.
torch.set_num_threads(1)
Gradient = dict[str, Tensor]


def sequences(*size: int) -> Tensor:
    """Slow sines with some noise, float64."""
    time = torch.arange(size[1])[:, None] * torch.linspace(0.05, 0.2, size[2])
    return torch.sin(time + 6 * torch.rand(size[0], 1, size[2])) / 2 + 0.1 * torch.randn(*size, dtype=torch.float64)


def gradients(model: nn.Module, call: Callable[[nn.Module, Tensor, tuple[Tensor, Tensor]], Tensor]) -> Gradient:
    """Of a random quadratic loss, by every parameter, the inputs and the initial state."""
    generator = torch.Generator().manual_seed(7)
    inputs = torch.randn(len(LENGTHS), T, M, generator=generator, dtype=torch.float64) / 3
    state = tuple(torch.randn(len(LENGTHS), N, generator=generator, dtype=torch.float64) / 3 for _ in range(2))
    given = {"inputs": inputs, "position0": state[0], "momentum0": state[1]}
    for tensor in given.values():
        tensor.requires_grad_()
    model.zero_grad()
    output = call(model, given["inputs"], (given["position0"], given["momentum0"]))
    target = torch.randn(output.shape, generator=generator, dtype=torch.float64) / 2
    torch.sum((output - target) ** 2).backward()
    found = {name: p.grad for name, p in model.named_parameters()} | {name: tensor.grad for name, tensor in given.items()}
    return {name: gradient for name, gradient in found.items() if gradient is not None}


def worst(found: Gradient, expected: Gradient) -> float:
    """The least cosine of all groups."""
    assert found.keys() == expected.keys()
    return min(agreement(found[name].double().numpy(), value.numpy())[0] for name, value in expected.items())


def alone(model: nn.Module, inputs: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
    return cast(Tensor, model(inputs, LENGTHS, state))


def make(hamiltonian: str = "dense", readout: str = "last", **options: Any) -> EchoLayer:
    torch.manual_seed(3)
    return EchoLayer(M, N, hamiltonian, step=3, readout=readout, **({"dtype": torch.float64} | options))


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("hamiltonian", NAMES)
def test_gradients_are_those_of_autograd(hamiltonian: str, readout: str) -> None:
    layer = make(hamiltonian, readout)
    found, expected = gradients(layer, alone), gradients(twin(layer), alone)
    assert set(found) == {*dict(layer.named_parameters()), "inputs", "position0", "momentum0"}
    assert worst(found, expected) >= COSINE
    for name, value in expected.items():
        assert agreement(found[name].numpy(), value.numpy())[1] == pytest.approx(1, abs=0.02), name


@pytest.mark.parametrize("readout", READOUTS)
def test_output_is_that_of_the_steps_in_floats(readout: str) -> None:
    layer = make("diagonal", readout)
    inputs = sequences(5, T, M)
    with torch.no_grad():
        torch.testing.assert_close(layer(inputs, LENGTHS), twin(layer)(inputs, LENGTHS), atol=1e-3, rtol=0)


class Stack(nn.Module):
    """Four arrays of all kinds, and what else a model is made of between them."""

    def __init__(self, device: Callable[[], Any] = lambda: "emulator") -> None:
        super().__init__()
        self.first = nn.Linear(M, M)
        self.arrays = nn.ModuleList(
            EchoLayer(M, N, name, step=3, readout="mean" if name == "springs" else "every", device=device(), learn_initial_state=True)
            for name in ("dense", "diagonal", "linear", "springs")
        )
        self.norms = nn.ModuleList(nn.LayerNorm(N) for _ in range(3))
        self.mixers = nn.ModuleList(nn.Linear(N, M) for _ in range(3))
        self.last = nn.Linear(N, 2)

    def forward(self, inputs: Tensor, lengths: Any) -> Tensor:
        u = self.first(inputs)
        for array, norm, mixer in zip(self.arrays, self.norms, self.mixers, strict=False):
            u = u + mixer(nn.functional.gelu(norm(array(u, lengths)))) / 2
        return cast(Tensor, self.last(self.arrays[3](u, lengths)))


def stacked(model: nn.Module, inputs: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
    return cast(Tensor, model(inputs.to(next(model.parameters()).dtype), LENGTHS))


def test_gradients_of_four_stacked_layers_are_those_of_autograd() -> None:
    torch.manual_seed(5)
    model = Stack()
    found, expected = gradients(model, stacked), gradients(twin(model), stacked)
    assert len(found) == len(list(model.parameters())) + 1 == 42
    assert worst(found, expected) >= COSINE


def _swapped(self: echo.Echo, *given: Any, **options: Any) -> EchoGradient:
    found = BACKWARD(self, *given, **options)
    return EchoGradient(found.parameters, found.momentum0, found.position0, found.report, found.inputs)


def _without_chain_rule(products: Any, codes: Any, scale: float, hamiltonian: Hamiltonian, formats: Any) -> Any:
    """Gradients of a DIAGONAL system as if all gains were 1."""
    ones = np.full(N, 1 << formats.weight.fraction)
    return PRODUCTS(products, codes | {Parameter.GAIN: ones}, scale, hamiltonian, formats)


BACKWARD, SLOPE, PRODUCTS = echo.Echo.backward, InputSlope.__call__, gradient_from_products
FAULTS: dict[str, tuple[Any, str, Any]] = {
    "inputs' sign": (InputSlope, "__call__", lambda *given: -SLOPE(*given)),
    "initial state swapped": (echo.Echo, "backward", _swapped),
    "no chain rule of gains": (echo, "gradient_from_products", _without_chain_rule),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_gradient_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = make("diagonal")
    expected = gradients(twin(layer), alone)
    monkeypatch.setattr(*FAULTS[fault])
    assert worst(gradients(layer, alone), expected) < COSINE


class OneStepOff(Emulator):
    """Echoes read the inputs of the step before."""

    def run(self, runs: Any) -> None:
        super().run([run._replace(input_base=max(0, run.input_base - 1)) if run.nudge else run for run in runs])


@pytest.mark.parametrize("broken", [OneStepOff, NudgesBackwards, InputsAlwaysAscend])
@pytest.mark.filterwarnings("ignore::loschmidt.host.errors.UntrustedGradientWarning")
def test_faulty_device_is_caught_in_a_stack(broken: type[Emulator]) -> None:
    torch.manual_seed(5)
    model = Stack(lambda: broken(Shape(N, M, contexts=16, input_depth=256, nudge_depth=256, trace_depth=512)))
    assert worst(gradients(model, stacked), gradients(twin(model), stacked)) < COSINE


class Counting(Emulator):
    """Counts runs that could belong to an echo, and closings."""

    echoes = 0

    def run(self, runs: Any) -> None:
        runs = cast(list[Run], runs)
        self.echoes += sum(run.accumulate is not Accumulate.OFF for run in runs)
        super().run(runs)


def shape() -> Shape:
    return Shape(N, M, contexts=16, input_depth=256, nudge_depth=256, trace_depth=512)


def test_without_a_gradient_there_is_no_echo_and_nothing_is_kept() -> None:
    device = Counting(shape())
    layer = make(device=device)
    inputs = sequences(2, 9, M)
    with torch.no_grad():
        assert layer(inputs).grad_fn is None
    with torch.inference_mode():
        layer(inputs)
    assert device.echoes == 0
    layer(inputs).sum().backward()
    assert device.echoes > 0


def test_layers_that_share_a_device_do_not_disturb_each_other() -> None:
    """Both run forward before either echoes, and in both orders."""
    shared = Emulator(shape())
    inputs = sequences(2, 9, M)

    def found(first: Any, second: Any) -> list[Tensor]:
        layers = [make("dense", device=first), make("springs", "mean", device=second)]
        a, b = layers[0](inputs), layers[1](inputs)
        again = layers[0](2 * inputs)
        (a.sum() + (b**2).sum() + again.sum()).backward()
        return [cast(Tensor, p.grad) for layer in layers for p in layer.parameters()]

    for x, y in zip(found(shared, shared), found("emulator", "emulator"), strict=True):
        assert torch.equal(x, y)


def test_forward_twice_before_backward_uses_each_ones_own_weights() -> None:
    layer, inputs = make(), sequences(2, 9, M)
    layer(inputs).sum().backward()
    expected = cast(Tensor, layer.bias.grad)
    layer.bias.grad = None
    output = layer(inputs)
    with torch.no_grad():
        layer.bias.add_(1)
    layer(inputs)
    output.sum().backward(retain_graph=True)
    assert torch.equal(expected, cast(Tensor, layer.bias.grad))
    output.sum().backward()
    assert torch.equal(2 * expected, cast(Tensor, layer.bias.grad))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_precision_is_kept(dtype: torch.dtype) -> None:
    layer = make(dtype=dtype, learn_initial_state=True)
    inputs = sequences(2, 9, M).to(dtype).requires_grad_()
    output = layer(inputs)
    assert output.dtype == dtype
    output.sum().backward()
    assert {cast(Tensor, t.grad).dtype for t in (inputs, *layer.parameters())} == {dtype}
    assert {report.trusted for report in layer.report} == {True}


def test_only_what_needs_a_gradient_gets_one() -> None:
    layer, inputs = make(), sequences(2, 9, M)
    for name, parameter in layer.named_parameters():
        parameter.requires_grad_(name == "bias")
    layer(inputs).sum().backward()
    assert [name for name, p in layer.named_parameters() if p.grad is not None] == ["bias"]


def test_state_is_saved_and_loaded() -> None:
    layer, inputs = make(learn_initial_state=True), sequences(2, 9, M)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    torch.manual_seed(4)
    other = EchoLayer(M, N, step=3, learn_initial_state=True, dtype=torch.float64)
    assert not torch.equal(layer(inputs), other(inputs))
    other.load_state_dict(torch.load(file))
    assert torch.equal(layer(inputs), other(inputs))


def test_copies_are_independent() -> None:
    layer, inputs = make(), sequences(2, 9, M)
    before = layer(inputs)
    for twin_layer in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(twin_layer(inputs), before)
        with torch.no_grad():
            twin_layer.bias.add_(1)
        assert not torch.equal(twin_layer(inputs), before)
    assert torch.equal(layer(inputs), before)
    layer.close()
    assert torch.equal(layer(inputs), before)
    bound = make(device=Emulator(shape()))
    assert torch.equal(copy.deepcopy(bound)(inputs), before)
    with pytest.raises(DeviceError, match=r"^a layer on a device that was given to it cannot be pickled: "):
        pickle.dumps(bound)


def test_double_backward_is_refused() -> None:
    layer, inputs = make(), sequences(2, 9, M).requires_grad_()
    (gradient,) = torch.autograd.grad((layer(inputs) ** 2).sum(), inputs, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        gradient.sum().backward()


def test_trains_with_loader_scheduler_and_clipping() -> None:
    torch.manual_seed(0)
    inputs = sequences(32, 20, M).float()
    labels = (inputs[:, :, 0].mean(dim=1) > 0).long()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, labels), batch_size=8, shuffle=True)
    layer, head = EchoLayer(M, N, step=2, readout="mean"), nn.Linear(N, 2)
    optimiser = torch.optim.AdamW([*layer.parameters(), *head.parameters()], lr=0.05)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 6)
    losses = []
    for _ in range(6):
        for u, y in loader:
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(head(layer(u)), y)
            loss.backward()
            nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
        scheduler.step()
    assert np.mean(losses[-4:]) < 0.7 * np.mean(losses[:4])


def test_weights_are_moved_to_where_they_may_be() -> None:
    layer, inputs = make("diagonal"), sequences(2, 9, M)
    with torch.no_grad():
        layer.gain[0], layer.stiffness[1], layer.input_weight[2, 1] = -1.0, 300.0, -50.0
    layer(inputs).sum().backward()
    assert layer.gain[0] > 0
    assert layer.stiffness[1] < 8
    assert layer.input_weight[2, 1] == -(2**17 - 1) / 2**14
    with torch.no_grad():
        layer.stiffness[1] = torch.nan
    with pytest.raises(SpecError, match=r"^the parameter stiffness is not finite: lower the learning rate, or clip gradients$"):
        layer(inputs)


def test_value_outside_its_range_has_no_gradient() -> None:
    layer = make("linear", device="emulator")
    with torch.no_grad():
        layer.input_weight.mul_(0.01)
    inputs = sequences(2, 9, M)
    inputs[1, 2, 0] = 9.0
    inputs.requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer(inputs).sum().backward()
    assert layer.saturated == 1
    gradient = cast(Tensor, inputs.grad)
    assert gradient[1, 2, 0] == 0
    assert gradient[0, 2, 0] != 0


def test_gradient_that_cannot_be_trusted_is_not_silent() -> None:
    inputs, loud = sequences(2, 9, M), torch.full((N,), 9.0, dtype=torch.float64)
    text = r"^the gradient of 2 of 2 samples cannot be trusted: .* 0 overflowed, 2 clipped; weaken couplings"
    layer = make("linear")
    with pytest.warns(UntrustedGradientWarning, match=text):
        layer(inputs, state=(loud, loud)).sum().backward()
    assert [report.clip for report in layer.report] == [True, True]
    layer = make("linear", untrusted="raise")
    with pytest.raises(UntrustedGradientError, match=text):
        layer(inputs, state=(loud, loud)).sum().backward()


def test_bad_input_is_named() -> None:
    layer, inputs = make(), sequences(2, 9, M)
    for given, text in [
        (inputs[0], r"^inputs must have the shape \(batch, steps, 3\), not \(9, 3\)$"),
        (inputs[..., :2], r"^inputs must have the shape \(batch, steps, 3\), none of them zero, not \(2, 9, 2\)$"),
        (inputs.long(), r"^inputs must be real numbers in memory, not torch.int64 on cpu$"),
        (inputs.to("meta"), r"^inputs must be real numbers in memory, not torch.float64 on meta$"),
    ]:
        with pytest.raises(SpecError, match=text):
            layer(given)
    with pytest.raises(LoschmidtError, match=r"^input\[1, 3, 2\] is nan: only finite numbers have a code"):
        layer(inputs.index_put((torch.tensor(1), torch.tensor(3), torch.tensor(2)), torch.tensor(torch.nan, dtype=torch.float64)))
    with pytest.raises(SpecError, match=r"^lengths must be 2 integers from 1 to 9, not \[9, 10\]$"):
        layer(inputs, [9, 10])
    with pytest.raises(SpecError, match=r"^initial momenta must have the shape \(6,\) or \(2, 6\), not \(5,\)$"):
        layer(inputs, state=(torch.zeros(6), torch.zeros(5)))
    with pytest.raises(SpecError, match=r"^the layer learns its initial state: "):
        make(learn_initial_state=True)(inputs, state=(torch.zeros(6), torch.zeros(6)))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"hamiltonian": "rigid"}, r"^hamiltonian must be one of springs, linear, diagonal, dense, not 'rigid'$"),
        ({"readout": "first"}, r"^readout must be one of last, mean, every, not 'first'$"),
        ({"untrusted": "ignore"}, r"^untrusted must be one of warn, raise, not 'ignore'$"),
        ({"formats": "19"}, r"^formats must be one of 16, 18, 25, or like state/.*, not '19'$"),
        ({"step": 16}, r"^step, s of the time step 2\^-s, must be 0 to 15, not 16$"),
        ({"device": Emulator(shape()), "formats": "16"}, r"^formats '16' are not those of the device that was given: leave them out$"),
        ({"device": Emulator(Shape(N, 1))}, r"^the device has 1 inputs and 6 oscillators, the layer 3 and 6: make both the same$"),
    ],
)
def test_bad_option_is_named(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        EchoLayer(M, N, **options)


def test_description_names_the_system() -> None:
    text = "EchoLayer(inputs=3, oscillators=6, hamiltonian='dense', step=3, readout='last', device='emulator')"
    assert repr(make()) == text
