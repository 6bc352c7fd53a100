"""What a training runs on: its name, and the precision that it computes in."""

from __future__ import annotations

import ctypes
import os
import platform
from pathlib import Path
from typing import Literal

import torch

from train.recipe import How

#: Of malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def devices(device: torch.device, processes: int) -> str:
    """``4 × NVIDIA L4``, or the cores that torch uses, and the name of their processor."""
    if device.type == "cuda":
        return f"{processes} × {torch.cuda.get_device_name(device)}"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    used = max(1, min(cores or 1, processes * torch.get_num_threads()))
    return f"{used} core{'s' * (used != 1)} of {_processor()}"


def keep_memory() -> bool:
    """Let this process keep the memory that it frees; whether its C library (glibc) can.

    The tensors of a step are large enough that malloc would give each back to the system and
    fetch it again page by page (mallopt(3)).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, -1))


def precision(how: How) -> Literal["bf16", "fp32"]:
    """What ``how.precision`` comes to on this machine."""
    if how.precision != "auto":
        return how.precision
    return "bf16" if _gains_by_bf16() else "fp32"


def _gains_by_bf16() -> bool:
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities()
    if able["architecture"] == "x86_64":
        # Without AMX Intel's processors have the instructions, but are faster in fp32 (Emerald
        # Rapids pretrains in bf16 at 0.7 of that speed; Zen 4 fine-tunes at 2.6).
        intel = able["cpu_name"].startswith("Intel")
        return bool(able["amx_bf16"] or (able["avx512_bf16"] and not intel))
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _processor(file: Path = Path("/proc/cpuinfo")) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
