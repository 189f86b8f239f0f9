"""Where the arithmetic runs: one process in plain torch, or several that accelerate started.

`accelerate launch` is the one way to several processes; alone, accelerate need not be installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.traser.training.settings import Precision, Recipe

OptimiserState = Mapping[str, Mapping[str, Tensor]]
"""Parameter's name -> what the optimiser keeps of it, whole."""


class Engine(Protocol):
    """What the loop needs of one or several processes. `rank` 0 writes files; every call is made by all."""

    rank: int
    processes: int
    device: torch.device

    def prepare(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Take over both, on the device. Afterwards `model` is called through `forward`."""
        ...

    def forward(self, *given: Any) -> Any:
        """The model's answer, in the arithmetic asked for."""
        ...

    def gathering(self) -> AbstractContextManager[Any]:
        """Around each of a step's batches."""
        ...

    def backward(self, loss: Tensor) -> None:
        """Add a batch's gradients, divided by the batches of a step."""
        ...

    def step(self) -> float:
        """Clip, step, forget gradients. Returns the gradient's norm before; when it is not finite, nothing moves."""
        ...

    def mean(self, values: Tensor) -> Tensor:
        """Mean of `values` over the processes."""
        ...

    def texts(self, given: Sequence[str]) -> list[str]:
        """`given` of all processes."""
        ...

    def wait(self) -> None:
        """Until every process is here."""
        ...

    def model_state(self) -> dict[str, Tensor]:
        """The model's tensors, whole; empty but on rank 0."""
        ...

    def save_optimiser(self, folder: Path) -> OptimiserState | None:
        """Its state by parameter, whole, on rank 0; None where the library writes it into `folder` itself."""
        ...

    def load_optimiser(self, folder: Path, state: OptimiserState | None) -> None:
        """Take it back."""
        ...


def engine_of(recipe: Recipe, *, accumulation: int) -> Engine:
    """The engine of this process. Raises `UnusableBackend` where several were started and accelerate is missing."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 and "ACCELERATE_USE_DEEPSPEED" not in os.environ:
        return Single(recipe, accumulation=accumulation)
    try:
        import accelerate  # noqa: F401
    except ImportError as error:
        raise UnusableBackend(
            "several processes were started, and they need accelerate. Install the extra `train`: "
            "pip install 'svg2-assets[train]'."
        ) from error
    return Accelerated(recipe, accumulation=accumulation)


class Single:
    """One process, one device."""

    rank, processes = 0, 1

    def __init__(self, recipe: Recipe, *, accumulation: int) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._recipe, self._accumulation = recipe, accumulation
        self._model: nn.Module
        self._optimiser: torch.optim.Optimizer

    def prepare(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """See `Engine`."""
        self._model, self._optimiser = model.to(self.device), optimiser

    def forward(self, *given: Any) -> Any:
        """See `Engine`."""
        low = self._recipe.precision is Precision.BF16
        with torch.autocast(self.device.type, torch.bfloat16, enabled=low):
            return self._model(*given)

    def gathering(self) -> AbstractContextManager[Any]:
        """See `Engine`."""
        return nullcontext()

    def backward(self, loss: Tensor) -> None:
        """See `Engine`."""
        (loss / self._accumulation).backward()

    def step(self) -> float:
        """See `Engine`."""
        learned = [p for group in self._optimiser.param_groups for p in group["params"]]
        norm = float(nn.utils.clip_grad_norm_(learned, self._recipe.max_norm))
        if norm < float("inf"):
            self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return norm

    def mean(self, values: Tensor) -> Tensor:
        """See `Engine`."""
        return values

    def texts(self, given: Sequence[str]) -> list[str]:
        """See `Engine`."""
        return list(given)

    def wait(self) -> None:
        """See `Engine`."""

    def model_state(self) -> dict[str, Tensor]:
        """See `Engine`."""
        return dict(self._model.state_dict())

    def save_optimiser(self, folder: Path) -> OptimiserState | None:  # noqa: ARG002
        """See `Engine`."""
        return {
            name: dict(self._optimiser.state[parameter])
            for name, parameter in self._named()
            if parameter in self._optimiser.state
        }

    def load_optimiser(self, folder: Path, state: OptimiserState | None) -> None:  # noqa: ARG002
        """See `Engine`."""
        for name, parameter in self._named():
            if state is not None and name in state:
                kept = {k: v.to(self.device if k != "step" else "cpu") for k, v in state[name].items()}
                self._optimiser.state[parameter] = kept

    def _named(self) -> Iterator[tuple[str, nn.Parameter]]:
        learned = {id(p) for group in self._optimiser.param_groups for p in group["params"]}
        return ((n, p) for n, p in self._model.named_parameters() if id(p) in learned)


class Accelerated:
    """What `accelerate launch` started: data parallel, FSDP or ZeRO-1, as its configuration says.

    Raises `UnusableBackend` for a configuration that would learn something else.
    """

    def __init__(self, recipe: Recipe, *, accumulation: int) -> None:
        from accelerate import Accelerator

        low = "bf16" if recipe.precision is Precision.BF16 else "no"
        self._accelerator = Accelerator(mixed_precision=low, gradient_accumulation_steps=accumulation)
        _refuse_divided_gradients(self._accelerator.state)
        self.rank, self.processes = self._accelerator.process_index, self._accelerator.num_processes
        self.device: torch.device = self._accelerator.device
        started = int(os.environ.get("WORLD_SIZE", "1"))
        if self.processes != started:
            raise UnusableBackend(
                f"{started} processes were started, accelerate joins {self.processes}: no GPU for each. On CPUs set "
                "ACCELERATE_USE_CPU=true."
            )
        self._recipe = recipe
        self._model: nn.Module
        self._optimiser: Any

    def prepare(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """See `Engine`."""
        plugin = getattr(self._accelerator.state, "deepspeed_plugin", None)
        if plugin is not None:
            plugin.deepspeed_config["train_micro_batch_size_per_gpu"] = 1  # it cannot see our batches
            plugin.deepspeed_config["gradient_clipping"] = self._recipe.max_norm
        self._model, self._optimiser = self._accelerator.prepare(model, optimiser)

    def forward(self, *given: Any) -> Any:
        """See `Engine`."""
        return self._model(*given)

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """See `Engine`."""
        with self._accelerator.accumulate(self._model):
            yield

    def backward(self, loss: Tensor) -> None:
        """See `Engine`."""
        self._accelerator.backward(loss)

    def step(self) -> float:
        """See `Engine`."""
        found = self._accelerator.clip_grad_norm_(self._model.parameters(), self._recipe.max_norm)
        norm = 0.0 if found is None else float(found)
        if norm < float("inf"):
            self._optimiser.step()
        self._optimiser.zero_grad()
        return norm

    def mean(self, values: Tensor) -> Tensor:
        """See `Engine`."""
        reduced: Tensor = self._accelerator.reduce(values.to(self.device), reduction="mean")
        return reduced

    def texts(self, given: Sequence[str]) -> list[str]:
        """See `Engine`."""
        from accelerate.utils import gather_object

        return list(gather_object(list(given)))

    def wait(self) -> None:
        """See `Engine`."""
        self._accelerator.wait_for_everyone()

    def model_state(self) -> dict[str, Tensor]:
        """See `Engine`."""
        state = self._accelerator.get_state_dict(self._model)
        return dict(state) if self.rank == 0 and state else {}

    def save_optimiser(self, folder: Path) -> OptimiserState | None:
        """See `Engine`. DeepSpeed keeps shards in a form of its own."""
        if self._deepspeed:
            self._model.save_checkpoint(str(folder), tag="deepspeed")
            return None
        from torch.distributed.checkpoint.state_dict import StateDictOptions, get_optimizer_state_dict

        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        found = get_optimizer_state_dict(self._model, self._optimiser.optimizer, options=options)
        state: OptimiserState = found.get("state", {})
        return state

    def load_optimiser(self, folder: Path, state: OptimiserState | None) -> None:
        """See `Engine`."""
        if self._deepspeed:
            self._model.load_checkpoint(str(folder), tag="deepspeed", load_module_strict=False)
            return
        from torch.distributed.checkpoint.state_dict import (
            StateDictOptions,
            get_optimizer_state_dict,
            set_optimizer_state_dict,
        )

        options = StateDictOptions(full_state_dict=True)
        shape = get_optimizer_state_dict(self._model, self._optimiser.optimizer, options=options)
        whole = {"state": {k: dict(v) for k, v in (state or {}).items()}, "param_groups": shape["param_groups"]}
        set_optimizer_state_dict(self._model, self._optimiser.optimizer, whole, options=options)

    @property
    def _deepspeed(self) -> bool:
        return "DEEPSPEED" in str(self._accelerator.distributed_type)


def _refuse_divided_gradients(state: Any) -> None:
    """Allow DeepSpeed's ZeRO-1 alone.

    From stage 2 on gradients are summed over processes as they come, by place in a bucket. In which order they come
    depends on the groups of a batch, and processes have other batches: sums are wrong without a word. Stage 3 gathers
    weights by module as well, and waits for ever for a process that calls one more often.
    """
    plugin = getattr(state, "deepspeed_plugin", None)
    stage = 0 if plugin is None else int(plugin.zero_stage)
    if stage > 1:
        raise UnusableBackend(
            f"traser: DeepSpeed's ZeRO-{stage} sums gradients in the order in which they come, which differs between "
            "processes. Take configs/accelerate/zero1.yaml, or fsdp.yaml, which divides gradients and weights, too."
        )
