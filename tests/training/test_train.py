"""The loop: numbers of a problem with a known answer, resumption, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rhobar.training import Plateau, TrainingHypers, train

INPUT = torch.linspace(-1, 1, 12, dtype=torch.float64)[:, None]
TARGET = 2 * INPUT - 0.5


def net() -> torch.nn.Module:
    """A small net with dropout, the same each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        layers = [torch.nn.Linear(1, 8), torch.nn.Dropout(0.3), torch.nn.SiLU()]
        return torch.nn.Sequential(*layers, torch.nn.Linear(8, 1)).double()


def line() -> torch.nn.Module:
    return torch.nn.Linear(1, 1).double()


def squares(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    return (model(INPUT[batch]) - TARGET[batch]).square().mean()


def rmse(model: torch.nn.Module) -> dict[str, float]:
    with torch.no_grad():
        return {"rmse": float((model(INPUT) - TARGET).square().mean().sqrt())}


class Killed(BaseException):
    """What ends a process at once."""


def killed_at(step: int) -> Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]:
    steps = iter(range(step))

    def loss(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        if next(steps, None) is None:
            raise Killed
        return squares(model, batch)

    return loss


def test_finds_a_line() -> None:
    model = line()
    history = train(model, squares, 12, TrainingHypers(n_epochs=600, learning_rate=0.05))
    assert model.weight.item() == pytest.approx(2.0, abs=1e-6)
    assert model.bias.item() == pytest.approx(-0.5, abs=1e-6)
    assert history.column("epoch") == list(range(1, 601))
    assert history.column("loss")[-1] < 1e-12 < history.column("loss")[0]


HYPERS = TrainingHypers(
    n_epochs=9,
    batch_size=5,
    learning_rate=0.05,
    schedule=Plateau(patience=1),
    period=2,
    best_by="rmse",
    seed=3,
)


@pytest.mark.parametrize("step", [1, 7, 14, 26])
def test_resumed_numbers_are_the_same(tmp_path: Path, step: int) -> None:
    whole, resumed = net(), net()
    expected = train(whole, squares, 12, HYPERS, validation=rmse, folder=tmp_path / "whole")
    with pytest.raises(Killed):
        train(net(), killed_at(step), 12, HYPERS, validation=rmse, folder=tmp_path / "killed")
    found = train(resumed, squares, 12, HYPERS, validation=rmse, folder=tmp_path / "killed")
    assert found == expected
    assert found.column("epoch") == [2, 4, 6, 8, 9]
    for name, weights in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weights)
    tables = [(tmp_path / run / "metrics.csv").read_bytes() for run in ("whole", "killed")]
    assert tables[0] == tables[1]
    assert tables[0].splitlines()[0] == b"epoch,learning_rate,loss,rmse"


def test_a_finished_training_takes_no_step(tmp_path: Path) -> None:
    first, second = net(), net()
    expected = train(first, squares, 12, HYPERS, validation=rmse, folder=tmp_path)
    assert train(second, killed_at(0), 12, HYPERS, validation=rmse, folder=tmp_path) == expected
    assert torch.equal(second[0].weight, first[0].weight)


def test_seed_decides_and_the_global_generator_stays() -> None:
    hypers = [TrainingHypers(n_epochs=3, batch_size=5, seed=seed) for seed in (0, 0, 1)]
    torch.manual_seed(5)
    state = torch.get_rng_state()
    models = [net() for _ in hypers]
    for model, one in zip(models, hypers, strict=True):
        train(model, squares, 12, one)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(models[0][0].weight, models[1][0].weight)
    assert not torch.equal(models[0][0].weight, models[2][0].weight)


def test_every_item_once_an_epoch() -> None:
    seen: list[list[int]] = []

    def loss(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        seen.append(batch.tolist())
        return squares(model, batch)

    history = train(line(), loss, 12, TrainingHypers(n_epochs=2, batch_size=5))
    assert [len(batch) for batch in seen] == [5, 5, 2, 5, 5, 2]
    epochs = [[item for batch in half for item in batch] for half in (seen[:3], seen[3:])]
    assert [sorted(epoch) for epoch in epochs] == [list(range(12))] * 2
    assert epochs[0] != epochs[1]
    assert len(history.rows) == 2


def test_mean_loss_weighs_items_alike() -> None:
    def loss(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return batch.double().mean() + 0 * model.weight.sum()

    history = train(line(), loss, 12, TrainingHypers(n_epochs=1, batch_size=5))
    assert history.column("loss") == pytest.approx([5.5], rel=1e-14)


def test_keeps_the_best_weights_not_the_last() -> None:
    model, scores, weights = line(), iter([3.0, 1.0, 2.0]), []

    def score(model: torch.nn.Module) -> dict[str, float]:
        weights.append(model.weight.item())
        return {"score": next(scores)}

    history = train(
        model, squares, 12, TrainingHypers(n_epochs=3, best_by="score"), validation=score
    )
    assert history.best_epoch == 2
    assert model.weight.item() == weights[1] != weights[2]


def test_training_and_evaluation_modes() -> None:
    modes: list[bool] = []

    def loss(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        modes.append(model.training)
        return squares(model, batch)

    def validation(model: torch.nn.Module) -> dict[str, float]:
        modes.append(model.training)
        return {}

    train(net(), loss, 12, TrainingHypers(n_epochs=2), validation=validation)
    assert modes == [True, False, True, False]


def test_frozen_weights_stay() -> None:
    model = line()
    model.bias.requires_grad_(False)
    before = model.bias.item()
    train(model, squares, 12, TrainingHypers(n_epochs=2))
    assert model.bias.item() == before


def test_loss_that_is_not_finite() -> None:
    def loss(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return squares(model, batch) * (torch.nan if 7 in batch else 1.0)

    with pytest.raises(FloatingPointError, match=r"nan in epoch 1, batch [1-3] of 3.*below 0\.1"):
        train(line(), loss, 12, TrainingHypers(n_epochs=2, batch_size=4, learning_rate=0.1))


def test_score_that_is_not_finite() -> None:
    hypers = TrainingHypers(n_epochs=1, best_by="score")
    with pytest.raises(FloatingPointError, match="score is nan after epoch 1"):
        train(line(), squares, 12, hypers, validation=lambda _: {"score": torch.nan})


def test_score_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no metric 'rmse' was recorded, only"):
        train(line(), squares, 12, TrainingHypers(n_epochs=1, best_by="rmse"))


def test_checkpoint_of_another_model(tmp_path: Path) -> None:
    hypers = TrainingHypers(n_epochs=1)
    train(line(), squares, 12, hypers, folder=tmp_path)
    with pytest.raises(ValueError, match="another model: class is Linear there and Sequential"):
        train(net(), squares, 12, hypers, folder=tmp_path)
    wide = torch.nn.Linear(1, 2).double()
    with pytest.raises(ValueError, match=r"weight is \['torch.float64', 1, 1\] there.*2, 1\] here"):
        train(wide, squares, 12, hypers, folder=tmp_path)


def test_checkpoint_of_another_training(tmp_path: Path) -> None:
    train(line(), squares, 12, TrainingHypers(n_epochs=1), folder=tmp_path)
    others = TrainingHypers(n_epochs=1, schedule=Plateau())
    with pytest.raises(ValueError, match=r"schedule is None there and Plateau\("):
        train(line(), squares, 12, others, folder=tmp_path)
    with pytest.raises(ValueError, match="n_items is 12 there and 11 here"):
        train(line(), squares, 11, TrainingHypers(n_epochs=1), folder=tmp_path)


@pytest.mark.parametrize("keep", [0, 100, 1000])
def test_damaged_checkpoint(tmp_path: Path, keep: int) -> None:
    train(line(), squares, 12, TrainingHypers(n_epochs=1), folder=tmp_path)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"checkpoint\.pt is no checkpoint .* remove it"):
        train(line(), squares, 12, TrainingHypers(n_epochs=1), folder=tmp_path)


def test_nothing_to_train_on() -> None:
    with pytest.raises(ValueError, match="n_items = 0"):
        train(line(), squares, 0, TrainingHypers(n_epochs=1))


@pytest.mark.parametrize("name", ["n_epochs", "batch_size", "learning_rate", "period"])
def test_hypers_have_to_be_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} = 0"):
        TrainingHypers(**{"n_epochs": 1, name: 0})
