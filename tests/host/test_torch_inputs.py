"""What a layer takes beside an ordinary batch in memory, and how it comes to its parameters."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence, pad_sequence

from loschmidt.host.torch import EchoLayer
from loschmidt.spec.errors import SpecError

N, M = 4, 3
READOUTS = ["last", "mean", "every"]
torch.set_num_threads(1)


def make(**options: Any) -> EchoLayer:
    torch.manual_seed(3)
    return EchoLayer(M, N, step=3, **options)


def slope(tensor: Tensor) -> Tensor:
    """The gradient that backward has left."""
    assert tensor.grad is not None
    return tensor.grad


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("readout", READOUTS)
def test_packed_sequences_are_those_of_a_padded_batch(readout: str, ordered: bool) -> None:
    layer, lengths = make(readout=readout), [7, 7, 5, 2] if ordered else [2, 7, 5, 7]
    sequences = [torch.rand(length, M, requires_grad=True) for length in lengths]
    twins = [sequence.detach().clone().requires_grad_() for sequence in sequences]
    state = (torch.rand(4, N) / 4, torch.rand(4, N) / 4)
    packed = pack_sequence(sequences, enforce_sorted=ordered)
    found, expected = layer(packed, state=state), layer(pad_sequence(twins, batch_first=True), lengths, state)
    if readout == "every":
        assert isinstance(found, PackedSequence)
        assert all(mine is given for mine, given in zip(found[1:], packed[1:], strict=True))
        found, own = pad_packed_sequence(found, batch_first=True)
        assert own.tolist() == lengths
    assert torch.equal(found, expected)
    found.square().sum().backward()
    expected.square().sum().backward()
    assert all(torch.equal(slope(x), slope(y)) for x, y in zip(sequences, twins, strict=True))
    with pytest.raises(SpecError, match=r"^a PackedSequence has lengths of its own: leave them out$"):
        layer(packed, lengths)


def test_packed_sequences_go_through_a_stack() -> None:
    layers = nn.Sequential(make(readout="every"), EchoLayer(N, 2, step=3))
    assert layers(pack_sequence([torch.rand(3, M), torch.rand(6, M)], enforce_sorted=False)).shape == (2, 2)


@pytest.mark.parametrize("readout", READOUTS)
def test_empty_batch_has_an_empty_output_and_a_gradient_of_zero(readout: str) -> None:
    layer = make(readout=readout, learn_initial_state=True)
    inputs = torch.zeros(0, 5, M, requires_grad=True)
    output = layer(inputs, [])
    assert output.shape == ((0, 5, N) if readout == "every" else (0, N))
    output.sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.shape == inputs.shape
    assert all(p.grad is not None and not p.grad.any() for p in layer.parameters())
    assert layer.report == []
    with pytest.raises(SpecError, match=r"^inputs must have the shape .*, not \(2, 0, 3\)$"):
        layer(torch.zeros(2, 0, M))


def test_layer_without_memory_gets_it_later() -> None:
    expected = make(learn_initial_state=True)
    before = torch.get_rng_state()
    with torch.device("meta"):
        layer = EchoLayer(M, N, step=3, learn_initial_state=True)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(p.is_meta for p in layer.parameters())
    assigned, filled = copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))
    u = torch.rand(2, 5, M)
    text = r"^the parameter coupling has no memory: call to_empty\(\) and reset_parameters\(\), or load a state with assign=True$"
    with pytest.raises(SpecError, match=text):
        layer(u)
    torch.manual_seed(3)
    layer.to_empty(device="cpu").reset_parameters()
    assigned.load_state_dict(expected.state_dict(), assign=True)
    filled.to_empty(device="cpu").load_state_dict(expected.state_dict())
    for each in (layer, assigned, filled):
        assert torch.equal(each(u), expected(u))
    with torch.device("meta"):  # a default for what is made, and not for what is there
        assert torch.equal(layer(u, [5, 2]), expected(u, [5, 2]))


def test_parameters_are_drawn_anew() -> None:
    layer = make(learn_initial_state=True)
    before = copy.deepcopy(layer.state_dict())
    with torch.no_grad():
        layer.position0.fill_(1)
    torch.manual_seed(4)
    layer.reset_parameters()
    assert not torch.equal(layer.coupling, before["coupling"])
    torch.manual_seed(3)
    layer.reset_parameters()
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


VALUES = torch.rand(2, 5, M, generator=torch.Generator().manual_seed(1))
SAME: dict[str, Tensor] = {
    "transposed": VALUES.transpose(0, 1).contiguous().transpose(0, 1),
    "every second": torch.stack([VALUES, VALUES], dim=-1)[..., 1],
    "negated lazily": torch.complex(VALUES, -VALUES).conj().imag,
    "of another precision": VALUES.double(),
}


@pytest.mark.parametrize("kind", SAME)
def test_layout_of_inputs_does_not_matter(kind: str) -> None:
    found = make()(SAME[kind])
    assert found.dtype is SAME[kind].dtype
    assert torch.equal(found.float(), make()(VALUES))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (VALUES.numpy(), r"^inputs must be a tensor, not ndarray$"),
        (VALUES.tolist(), r"^inputs must be a tensor, not list$"),
        (VALUES.to_sparse(), r"^inputs must be dense, not torch\.sparse_coo: "),
        (torch.nested.nested_tensor([VALUES[0], VALUES[1, :2]], layout=torch.jagged), r"^inputs must be dense, not nested: "),
        (VALUES.to(torch.complex64), r"^inputs must be real numbers in memory, not torch\.complex64 on cpu$"),
        (VALUES > 0, r"^inputs must be real numbers in memory, not torch\.bool on cpu$"),
    ],
    ids=["numpy", "list", "sparse", "nested", "complex", "bool"],
)
def test_what_is_no_batch_is_named(given: Any, text: str) -> None:
    with pytest.raises(SpecError, match=text):
        make()(given)


@pytest.mark.parametrize("state", [(torch.zeros(N),), torch.zeros(2, N), np.zeros((2, N))])
def test_state_that_is_no_pair_is_named(state: Any) -> None:
    with pytest.raises(SpecError, match=r"^state must be a pair of tensors: positions and momenta to start from$"):
        make()(VALUES, state=state)


def test_frozen_layer_passes_a_gradient_on() -> None:
    layer, u = make().requires_grad_(False), VALUES.clone().requires_grad_()
    layer(u).sum().backward()
    assert u.grad is not None
    assert layer(VALUES).grad_fn is None


def test_replicas_in_threads_are_the_layer() -> None:
    """What `DataParallel` makes: each has tensors in the parameters' place, and a part of the batch."""
    layer, whole, found = make(), make(), dict[int, Tensor]()
    replicas = [layer._replicate_for_data_parallel() for _ in VALUES]
    for replica in replicas:
        for name, parameter in layer.named_parameters():
            setattr(replica, name, parameter.clone())

    def work(index: int) -> None:
        found[index] = replicas[index](VALUES[index : index + 1])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(replicas))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    output = torch.cat([found[index] for index in range(len(replicas))])
    assert torch.equal(output, whole(VALUES))
    output.sum().backward()
    whole(VALUES).sum().backward()
    torch.testing.assert_close(slope(layer.coupling), slope(whole.coupling))
