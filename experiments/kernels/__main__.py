"""Fill the tables: `python -m experiments.kernels --multi30k DIRECTORY --shakespeare DIRECTORY`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from experiments.kernels.filling import fill
from experiments.kernels.measure import measure
from experiments.kernels.recipes import Sources, load
from experiments.kernels.results import Cell, Results
from experiments.kernels.runs import Run
from experiments.kernels.tasks import Task
from experiments.kernels.variants import TABLES, Smoother
from experiments.kernels.verdicts import claims_of, write_verdicts
from experiments.kernels.zoo import SEED, zoo_file

HERE = Path(__file__).parent
FIRST_SEEDS = 3  # of all tables, before any more of one


def plan(
    tasks: Iterable[Task], tables: Iterable[str], seeds: int, sources: Sources, results: Results, zoo: Path | None
) -> dict[Run, list[Cell]]:
    """Return the runs that are still to be made, the most telling first, each with the cells that it fills.

    Three seeds of every row come first, table by table; then one seed after the other.
    """
    finished = results.finished()
    runs: dict[Run, list[Cell]] = {}
    rounds = [range(1, min(seeds, FIRST_SEEDS) + 1), *([seed] for seed in range(FIRST_SEEDS + 1, seeds + 1))]
    for those in rounds:
        for table in tables:
            for seed in those:
                for task in tasks:
                    for smoother in TABLES[table][task.kind].values():
                        run = Run(sources, task.dataset, smoother, seed, _zoo_file(zoo, task, smoother, seed))
                        runs[run] = [cell for cell in cells_of(task, smoother, seed) if cell not in finished]
    return {run: cells for run, cells in runs.items() if cells or (run.zoo and not run.zoo.exists())}


def cells_of(task: Task, smoother: Smoother, seed: int) -> list[Cell]:
    """Every cell, of whichever table, in which this is how a model attends."""
    return [
        Cell(table, variant, task.dataset, seed)
        for table, kinds in TABLES.items()
        for variant, other in kinds[task.kind].items()
        if other == smoother
    ]


def _zoo_file(zoo: Path | None, task: Task, smoother: Smoother, seed: int) -> Path | None:
    if zoo is None or task.dataset != "multi30k" or seed != SEED:
        return None
    return zoo_file(zoo, smoother)


def main(
    multi30k: Annotated[Path | None, typer.Option(help="Directory of the Multi30k files.")] = None,
    shakespeare: Annotated[Path | None, typer.Option(help="Directory (or file) of Tiny Shakespeare.")] = None,
    iwslt14: Annotated[Path | None, typer.Option(help="Directory of IWSLT'14 German-English; hours on a GPU.")] = None,
    wikitext103: Annotated[Path | None, typer.Option(help="Directory of WikiText-103; days on a GPU.")] = None,
    table: Annotated[
        list[str] | None, typer.Option(help=f"Fill this table ({', '.join(TABLES)}); again for more of them.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of every row, from seed 1 on.")] = 3,
    workers: Annotated[int, typer.Option(min=0, help="Runs at a time; 0: one for each core.")] = 0,
    minutes: Annotated[float, typer.Option(min=0, help="Begin no run that would end later; 0: no limit.")] = 0,
    output: Annotated[Path, typer.Option(help="Directory of results.csv and failures/.")] = HERE,
    zoo: Annotated[Path | None, typer.Option(help="Keep the translators that a visitor compares here.")] = None,
    measuring: Annotated[
        bool, typer.Option("--measure", help="Only measure how many runs at a time pay, and how long all will take.")
    ] = False,
    smoke: Annotated[bool, typer.Option(help="In miniature, in about a minute, without data.")] = False,
) -> None:
    """Fill the tables of Transformer Dissection, cell by cell; what is finished is not run again."""
    sources = Sources(multi30k, shakespeare, iwslt14, wikitext103, smoke)
    if sources == Sources():
        raise typer.BadParameter("give the directories of data sets, as --multi30k and --shakespeare, or try --smoke")
    for name in set(table or ()) - set(TABLES):
        raise typer.BadParameter(f"there is no table {name!r}: choose of {', '.join(TABLES)}")
    if smoke and output == HERE and not measuring:
        raise typer.BadParameter("--smoke makes numbers up that are no results: give them an --output of their own")
    results = Results(output)
    try:
        tasks = list(load(sources).values())
        runs = plan(tasks, table or list(TABLES), seeds, sources, results, zoo)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    workers = workers or os.cpu_count() or 1
    if measuring:
        os.environ["OMP_NUM_THREADS"] = "1"  # in the processes that are started from here
        measure(sources, tasks, list(runs), workers)
        return
    left = fill(results, runs, workers, minutes)
    write_verdicts(results, claims_of, output / "verdicts.csv")
    if left:
        sys.exit(75)  # as sysexits.h says: try again


if __name__ == "__main__":
    typer.run(main)
