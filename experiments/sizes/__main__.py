"""Fill table 3: `python -m experiments.sizes --multi30k DIRECTORY`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from experiments.kernels.filling import fill
from experiments.kernels.recipes import Sources, load
from experiments.kernels.results import Cell, Outcome, Results, write_csv
from experiments.kernels.runs import Run
from experiments.kernels.verdicts import write_verdicts
from experiments.sizes.variants import COLUMNS, TABLE, settings
from experiments.sizes.verdicts import BASE, claims_of

HERE = Path(__file__).parent
DATASET = "multi30k"
KERNELS, SAME = HERE.parent / "kernels", ("position", "direct_sum")  # where the base model has been run, and its row


def plan(groups: Iterable[str], seeds: int, sources: Sources, results: Results) -> dict[Run, list[Cell]]:
    """Return the runs that are still to be made, each with its cell: a seed of every row, then the next seed."""
    finished = results.finished()
    runs = {
        Run(sources, DATASET, size, seed): Cell(group, row, DATASET, seed)
        for seed in range(1, seeds + 1)
        for group in groups
        for row, size in TABLE[group].items()
    }
    return {run: [cell] for run, cell in runs.items() if cell not in finished}


def borrow(results: Results, kernels: Results) -> None:
    """Take over the base model's runs from the kernels' tables: the same model, data and seeds, so the same run."""
    finished, taken = results.finished(), kernels.rows()
    for seed in dict.fromkeys(int(row["seed"]) for row in taken):
        cell, theirs = Cell(*BASE, DATASET, seed), Cell(*SAME, DATASET, seed)
        scores = [
            row for row in taken if Cell(row["table"], row["variant"], row["dataset"], int(row["seed"])) == theirs
        ]
        if scores and cell not in finished and not kernels.failed(theirs):
            values = {row["metric"]: float(row["value"]) for row in scores}
            one = scores[0]
            results.add([cell], Outcome(values, [], int(one["parameters"]), float(one["seconds"]), one["hardware"]))


def main(
    multi30k: Annotated[Path | None, typer.Option(help="Directory of the Multi30k files.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(help=f"Only this one of {', '.join(TABLE)}; again for more.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of every row, from seed 1 on.")] = 3,
    workers: Annotated[int, typer.Option(min=0, help="Runs at a time; 0: one for each core.")] = 0,
    minutes: Annotated[float, typer.Option(min=0, help="Begin no run that would end later; 0: no limit.")] = 0,
    output: Annotated[Path, typer.Option(help="Directory of results.csv.")] = HERE,
    smoke: Annotated[bool, typer.Option(help="In miniature, without data.")] = False,
) -> None:
    """Fill table 3 of Attention Is All You Need in small, cell by cell; what is finished is not run again."""
    if multi30k is None and not smoke:
        raise typer.BadParameter("give the directory of the data as --multi30k, or try --smoke")
    for name in set(group or ()) - set(TABLE):
        raise typer.BadParameter(f"there is no group {name!r}: choose of {', '.join(TABLE)}")
    if smoke and output == HERE:
        raise typer.BadParameter("--smoke makes numbers up that are no results: give them an --output of their own")
    sources, results = Sources(multi30k=multi30k, smoke=smoke), Results(output)
    try:
        task = load(sources)[DATASET]
        if not smoke:
            borrow(results, Results(KERNELS))
        runs = plan(group or TABLE, seeds, sources, results)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    left = fill(results, runs, workers, minutes)
    write_csv(output / "rows.csv", [COLUMNS, *settings(task.model, task.training)])
    write_verdicts(results, claims_of, output / "verdicts.csv")
    if left:
        sys.exit(75)  # as sysexits.h says: try again


if __name__ == "__main__":
    typer.run(main)
