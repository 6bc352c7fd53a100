"""Two processes train one model in shards (FSDP2) beside a whole one; ``test_distributed`` runs it.

Prints one JSON object: by how much the two ended up apart, and whether a sharded training that was
taken up again from a checkpoint ended in the same bits.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from transformers import BertConfig, BertForMaskedLM

from train import checkpointing
from train.batching import Batch
from train.model import MaskedLM

LENGTHS = [9, 17, 5]


def flat(sharded: bool) -> tuple[MaskedLM, torch.optim.Optimizer]:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    model = MaskedLM(BertForMaskedLM(config), "grouped")
    if sharded:
        mesh = init_device_mesh("cpu", (dist.get_world_size(),))
        for layer in model.bert.bert.encoder.layer:
            fully_shard(layer, mesh=mesh)
        fully_shard(model, mesh=mesh)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-3)


def batch(number: int) -> Batch:
    generator = torch.Generator().manual_seed(number)
    pieces, masked = sum(LENGTHS), torch.arange(0, sum(LENGTHS), 5)
    return Batch(
        ids=torch.randint(5, 300, (pieces,), generator=generator),
        positions=torch.cat([torch.arange(n) for n in LENGTHS]),
        bounds=torch.tensor([0, *LENGTHS]).cumsum(0).int(),
        lengths=LENGTHS,
        masked=masked,
        targets=torch.randint(5, 300, (len(masked),), generator=generator),
    )


def step(model: MaskedLM, optimizer: torch.optim.Optimizer, numbers: list[int]) -> None:
    (sum(model(batch(number)) for number in numbers) / len(numbers)).backward()
    optimizer.step()
    optimizer.zero_grad()


def main(folder: Path) -> None:
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    whole, sharded, again = flat(False), flat(True), flat(True)
    for number in range(4):
        step(*whole, [2 * number, 2 * number + 1])
        step(*sharded, [2 * number + rank])  # gradients are averaged over the processes
        if number == 1:
            saved = checkpointing.tensors(*sharded)
            if rank == 0:
                checkpointing.write(folder, 2, saved, {"made_from": "x", "judge": {}}, keep=1)
            dist.barrier()
    found = checkpointing.newest(folder, "x", print)
    assert found is not None
    checkpointing.restore(*again, checkpointing.load(found[1]))
    for number in (2, 3):
        step(*again, [2 * number + rank])
    one, other = checkpointing.weights(sharded[0]), checkpointing.weights(again[0])
    if rank == 0:
        plain = whole[0].state_dict()
        apart = max(float((one[name] - plain[name]).abs().max()) for name in plain)
        same = all(torch.equal(one[name], other[name]) for name in plain)
        print(json.dumps({"apart": apart, "same": same}))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    # All is told and the group is gone. Threads of gloo that the interpreter outlives by a moment
    # have once aborted a process that had done its work.
    sys.stdout.flush()
    os._exit(0)
