"""Where a model runs: the processor, a CUDA card or an Apple card."""

from __future__ import annotations

from framing.errors import ModelError


def list_devices() -> tuple[str, ...]:
    """Return the devices this machine has, best first: "cuda" and "cuda:0" on, "mps", "cpu"."""
    import torch

    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    cuda = ("cuda", *(f"cuda:{number}" for number in range(cards))) if cards else ()
    mps = ("mps",) if torch.backends.mps.is_available() else ()
    return (*cuda, *mps, "cpu")


def resolve_device(name: str) -> str:
    """Return the device that `name` stands for: "auto" is the best there is, others are taken at their word.

    Raises:
        ModelError: where this machine lacks the device; the message lists those it has.
    """
    devices = list_devices()
    if name == "auto":
        return devices[0]
    if name not in devices:
        raise ModelError(f'device "{name}": this machine has {", ".join(devices)}; ask for one of these or for "auto"')
    return name
