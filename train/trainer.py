"""One training of a masked language model, from documents to the best checkpoint."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import torch
from tqdm import tqdm
from transformers import AutoTokenizer, set_seed

from train import model as models
from train import tokenizer as tokenizers
from train.batching import Batch, Batches, special_ids
from train.corpus.build import read_documents
from train.corpus.document import Document
from train.files import Run, StageError, replace_file, replace_folder, write_json
from train.lineage import base_name, identity
from train.recipe import Masking
from train.tokens import build as build_tokens
from train.tokens import document_key
from viobert import checkpoints
from viobert.checkpoints import Checkpoint


def rate(step: int, steps: int, warmup: int, decay: float) -> float:
    """Share of the peak learning rate at ``step``: linear warm-up, level, linear fall to 0."""
    fall = max(1, round(steps * decay))
    return min(1.0, (step + 1) / max(1, warmup), (steps - step) / fall)


class Trainer:
    """One training, from what lies on disk to ``best/``."""

    def __init__(self, run: Run) -> None:
        self.run, self.config, self.how = run, run.recipe.what.training, run.recipe.how
        set_seed(self.config.seed)
        if self.how.threads:
            torch.set_num_threads(self.how.threads)
        self.checkpoint = run.checkpoints / "last.pt"
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        train, dev = read_documents(run, "train"), read_documents(run, "dev")
        if not dev:
            raise StageError(f"{run.recipe.path}: no dev document; raise what.corpus.dev")
        self.model, self.tokenizer = self._start(train)
        models.set_dropout(self.model, self.config.dropout)
        self.model.to(self.device)
        self.batches = self._batches(train, "train", run.recipe.what.masking)
        # By hash, not in the order of the files: every source has its share. Always read at
        # 15 %, whatever the training rate.
        dev = sorted(dev, key=lambda d: document_key(d.id))[: self.config.dev_documents]
        dev_batches = self._batches(dev, "dev", Masking(rate=0.15))
        self.dev = [dev_batches.batch(g, 0) for g in dev_batches.epoch(0, shuffle=False)]
        self.optimizer = self._optimizer()
        self.step, self.best = 0, float("inf")

    def train(self, log: Any) -> None:
        """Run to the last step of the recipe."""
        self._resume(log)
        self.started, first = time.monotonic(), self.step
        progress = tqdm(
            initial=first,
            total=self.config.steps,
            desc=f"{self.run.recipe.name}",
            unit=" steps",
            smoothing=0.05,
        )
        if self.step == 0:
            self.run.metrics.unlink(missing_ok=True)
            self._evaluate(progress)
        seen = 0
        for batch in self.batches.stream(self.step):
            if self.step >= self.config.steps:
                break
            loss = self._update(batch)
            self.step += 1
            seen += batch.tokens
            progress.update()
            if self.step % self.how.log_every == 0:
                speed = seen / (time.monotonic() - self.started)
                self._record(loss=loss, tokens_per_second=round(speed))
                progress.set_postfix(
                    loss=f"{loss:.3f}", tokens_s=f"{speed:.0f}", dev=f"{self.best:.3f}"
                )
            last = self.step == self.config.steps
            if self.step % self.config.evaluate_every == 0 or last:
                self._evaluate(progress)
            if self.step % self.how.checkpoint_every == 0 and not last:
                self._save()
        progress.close()
        write_json(
            self.run.done,
            {"made_from": identity(self.run), "steps": self.step, "best_dev_loss": self.best},
        )
        self.checkpoint.unlink(missing_ok=True)
        log(
            f"{self.run.recipe.name}: dev loss {self.best:.4f} nats per masked piece; "
            f"{self.run.best}"
        )

    def _start(self, train: list[Document]) -> tuple[Any, Any]:
        """Model and tokenizer: of the base, or learned from the training documents."""
        what = self.run.recipe.what
        if what.base:
            return self._continue(checkpoints.load(base_name(self.run)))
        assert what.tokenizer and what.model, "checked when the recipe was read"
        folder = self.run.folder / "tokenizer"
        if self.checkpoint.exists():
            tokenizer = AutoTokenizer.from_pretrained(folder)
            return models.build(self.run.recipe, tokenizer, None), tokenizer
        tokenizer = tokenizers.learn([d.text for d in train], what.tokenizer, what.model.positions)
        replace_folder(folder, tokenizer.save_pretrained)
        tokens = build_tokens(self.run.tokens / "train", train, tokenizer, self.run.recipe.name)
        return models.build(self.run.recipe, tokenizer, tokens), tokenizer

    def _continue(self, base: Checkpoint) -> tuple[Any, Any]:
        """A base's model and tokenizer, if this trainer can go on with them."""
        if base.model.config.model_type != "bert":
            raise StageError(f"{base.name}: a {base.model.config.model_type}, not a BERT")
        for name in ("pad", "unk", "cls", "sep"):
            if getattr(base.tokenizer, f"{name}_token_id") is None:
                raise StageError(f"{base.name}: its tokenizer has no {name} token")
        if self.config.length > base.max_length:
            raise StageError(
                f"{self.run.recipe.path}: what.training.length is {self.config.length}, but "
                f"{base.name} takes {base.max_length} word pieces"
            )
        base.tokenizer.model_max_length = base.max_length  # some say 1e30
        return base.model, base.tokenizer

    def _batches(self, documents: list[Document], part: str, masking: Masking) -> Batches:
        tokens = build_tokens(
            self.run.tokens / part, documents, self.tokenizer, self.run.recipe.name
        )
        return Batches(
            tokens,
            special_ids(self.tokenizer),
            masking,
            rows=self.config.rows,
            length=self.config.length,
            seed=self.config.seed,
        )

    def _optimizer(self) -> torch.optim.Optimizer:
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim <= 1]  # biases and norms
        groups = [
            {"params": decayed, "weight_decay": self.config.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(
            groups, lr=self.config.learning_rate, betas=self.config.betas, fused=True
        )

    def _loss(self, batch: Batch) -> torch.Tensor:
        bf16 = self.how.precision == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            return models.masked_loss(self.model, batch.to(self.device))

    def _update(self, batch: Batch) -> float:
        self.model.train()
        share = rate(self.step, self.config.steps, self.config.warmup, self.config.decay)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * share
        loss = self._loss(batch) / max(1, len(batch.targets))
        if not torch.isfinite(loss):
            raise StageError(
                f"{self.run.recipe.name}: the loss is not finite at step {self.step}; "
                "lower what.training.learning_rate"
            )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    @torch.no_grad()
    def _evaluate(self, progress: Any) -> None:
        self.model.eval()
        total = sum(float(self._loss(b)) for b in self.dev)
        loss = total / max(1, sum(len(b.targets) for b in self.dev))
        self._record(dev_loss=loss)
        progress.write(f"{self.run.recipe.name}: step {self.step}, dev loss {loss:.4f}")
        if loss < self.best:
            self.best = loss
            replace_folder(self.run.best, self._write_best)

    def _write_best(self, folder: Any) -> None:
        precision = getattr(torch, self.config.save_precision)
        copy.deepcopy(self.model).to(precision).save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def _record(self, **values: float) -> None:
        line = {"step": self.step, "seconds": round(time.monotonic() - self.started, 1), **values}
        with self.run.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        state = {
            "made_from": identity(self.run),
            "step": self.step,
            "best": self.best,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        replace_file(self.checkpoint, lambda path: torch.save(state, path))

    def _resume(self, log: Any) -> None:
        if not self.checkpoint.exists():
            return
        try:
            state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        except Exception as error:  # torch raises whatever its reader trips over
            raise StageError(f"{self.checkpoint}: not a whole checkpoint; remove it") from error
        if state["made_from"] != identity(self.run):
            raise StageError(
                f"{self.checkpoint}: made by another recipe or from other documents; remove it "
                "or give the recipe another name"
            )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        # Without its folder the best reading is worth nothing.
        self.best = state["best"] if self.run.best.exists() else float("inf")
        self._forget_later_readings()
        log(f"{self.run.recipe.name}: goes on from step {self.step}")

    def _forget_later_readings(self) -> None:
        """Drop the lines of ``metrics.jsonl`` that the steps to come will write again, and one
        that a kill has cut off."""
        text = self.run.metrics.read_text(encoding="utf-8") if self.run.metrics.exists() else ""
        whole = [line for line in text.splitlines(keepends=True) if line.endswith("}\n")]
        kept = [line for line in whole if json.loads(line)["step"] <= self.step]
        replace_file(self.run.metrics, lambda path: path.write_text("".join(kept), "utf-8"))
