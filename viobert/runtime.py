"""How a masked language model is run: by torch, or by OpenVINO where that is wanted and exact."""

from __future__ import annotations

import statistics
import sys
import threading
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from viobert.checkpoints import Checkpoint, load

if TYPE_CHECKING:
    import torch

    from viobert.fill_mask import FillMask

RuntimeName = Literal["torch", "openvino"]

BATCH = 512  # word pieces a forward: 16 copies of a sentence of 32
#: Share of the ten most probable pieces that a faster runtime has to have in common with torch.
FLOOR = 0.9


class RuntimeUnavailable(Exception):
    """The runtime is not installed, or does not take the model; ``str()`` is one line."""


class RuntimeTooInexact(Exception):
    """The runtime's answers differ too much from torch's; ``str()`` is one line."""


class Runtime(Protocol):
    """A model at work: ``precision`` is the one that it really computes in, such as ``f32``."""

    precision: str

    def logits(self, ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """(places, vocabulary). ``ids``: (copies, pieces) without padding; ``places``: where in
        the flattened ``ids``."""


def logits_at(model: Any, ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """What ``Runtime.logits`` returns, by the model itself."""
    if model.config.model_type == "bert":
        # The head's projection onto the vocabulary is costly: only at the places.
        hidden = model.base_model(input_ids=ids).last_hidden_state.flatten(0, 1)[places]
        return model.get_submodule("cls")(hidden)  # type: ignore[no-any-return]
    return model(input_ids=ids).logits.flatten(0, 1)[places]  # type: ignore[no-any-return]


class Torch:
    """In fp32, where the model is."""

    precision = "f32"

    def __init__(self, model: Any) -> None:
        self.model = model

    def logits(self, ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """See ``Runtime``."""
        import torch

        device = next(self.model.parameters()).device
        with torch.inference_mode(), _quick_linear():
            return logits_at(self.model, ids.to(device), places.to(device)).float()


def _quick_linear() -> Any:
    """A context in which linear layers in fp32 on the CPU go through oneDNN.

    torch takes MKL, which was half as fast on the AMD EPYC that this was measured on.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    if not (
        torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    ):
        return nullcontext()
    quick, linear = torch.ops.mkldnn._linear_pointwise, torch.nn.functional.linear

    class Mode(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            fits = func is linear and len(args) == 3 and not kwargs
            if fits and args[0].is_cpu and {a.dtype for a in args[:2]} == {torch.float32}:
                return quick(*args, "none", [], "")
            return func(*args, **(kwargs or {}))

    return Mode()


class OpenVino:
    """In bf16 on the CPU, or in what OpenVINO takes where the CPU has no bf16.

    Raises RuntimeUnavailable.
    """

    def __init__(self, model: Any) -> None:
        openvino = _openvino()
        hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "bf16"}
        try:
            self.compiled = openvino.Core().compile_model(_converted(openvino, model), "CPU", hints)
        except Exception as error:
            raise RuntimeUnavailable(f"OpenVINO does not take {model.config.model_type}") from error
        self.precision = str(self.compiled.get_property("INFERENCE_PRECISION_HINT").to_string())
        # A compiled model has one request, and a page has many threads.
        self.lock = threading.Lock()

    def logits(self, ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """See ``Runtime``."""
        import torch

        with self.lock:
            found = self.compiled([ids.numpy(), places.numpy()])[0]
        return torch.from_numpy(found).float()


def runtime(model: Any, name: RuntimeName = "torch") -> Runtime:
    """The runtime of that name for a model. Raises ValueError and RuntimeUnavailable."""
    if name not in ("torch", "openvino"):
        raise ValueError(f"no such runtime: {name}")
    return OpenVino(model) if name == "openvino" else Torch(model)


def _openvino() -> Any:
    # OpenVINO reports its use to Google unless this is missing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as error:
        raise RuntimeUnavailable("no OpenVINO here: pip install 'viobert[fast]'") from error
    return openvino


def _converted(openvino: Any, model: Any) -> Any:
    """The encoder and the head at the places, for any number of copies, pieces and places."""
    import torch

    class AtPlaces(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
            return logits_at(self.model, ids, places)

    # All numbers differ, lest two dimensions be taken for one.
    example = (torch.arange(2 * 9).reshape(2, 9) % model.config.vocab_size, torch.tensor([1, 4, 8]))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer's, of branches that no input changes
        return openvino.convert_model(AtPlaces().eval(), example_input=example)


@dataclass(frozen=True)
class Copy:
    """A text's pieces with some of them hidden; ``target`` is what stands at ``place``."""

    ids: list[int]
    place: int
    target: int


def left_to_right(ids: Sequence[int], word: Sequence[int], mask: int) -> list[Copy]:
    """A copy for each piece of a word, which hides it and the word's later ones.

    ``word``: the word's places in ``ids``. This is PLL-word-l2r (Kauf and Ivanova 2023).
    """
    copies = []
    for at, place in enumerate(word):
        hidden = set(word[at:])
        shown = [mask if i in hidden else piece for i, piece in enumerate(ids)]
        copies.append(Copy(shown, place, ids[place]))
    return copies


def log_probabilities(model: Runtime, copies: Sequence[Copy]) -> list[float]:
    """(copies,) nats: of each copy's target at its place. All copies are equally long."""
    import torch

    found: list[float] = []
    length = len(copies[0].ids) if copies else 1
    step = max(1, BATCH // length)
    for start in range(0, len(copies), step):
        batch = copies[start : start + step]
        places = torch.tensor([row * length + copy.place for row, copy in enumerate(batch)])
        logs = model.logits(torch.tensor([copy.ids for copy in batch]), places).log_softmax(-1)
        targets = torch.tensor([[copy.target] for copy in batch], device=logs.device)
        found += logs.gather(1, targets)[:, 0].tolist()
    return found


def agreement(reference: FillMask, other: FillMask, texts: Sequence[str], k: int = 10) -> float:
    """Share of the ``k`` most probable pieces in common: the mean over all masks of the texts."""
    shares = []
    for text in texts:
        for exact, found in zip(reference(text, k), other(text, k), strict=True):
            common = {p.token for p in exact} & {p.token for p in found}
            shares.append(len(common) / len(exact))
    return statistics.fmean(shares)


def faster(
    checkpoint: Checkpoint | str, texts: Sequence[str], floor: float = FLOOR
) -> tuple[FillMask, float]:
    """A FillMask by OpenVINO, and its agreement with torch on ``texts``.

    Raises RuntimeTooInexact where that is below ``floor``, RuntimeUnavailable, CheckpointError.
    """
    from viobert.fill_mask import FillMask

    found = load(checkpoint) if isinstance(checkpoint, str) else checkpoint
    quick = FillMask(found, runtime="openvino")
    share = agreement(FillMask(found), quick, texts)
    if share < floor:
        raise RuntimeTooInexact(
            f"{found.name}: OpenVINO in {quick.precision} has {share:.1%} of the ten best words in "
            f"common with torch, less than {floor:.0%}"
        )
    return quick, share
