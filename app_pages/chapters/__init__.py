"""The chapters of the walkthrough, one module each: what every step shows, computed from the visitor's sentence."""

from __future__ import annotations

from importlib import import_module

from app_pages.chapters.step import Chapter

NAMES = (
    "high_level",
    "tensors",
    "encoding",
    "self_attention",
    "six_steps",
    "matrices",
    "heads",
    "order",
    "residuals",
    "decoder",
    "output",
    "training",
    "loss",
    "go_forth",
    "journey",
    "complexity",
)


def chapter(number: int) -> Chapter:
    """Chapter 1, 2, …: its steps. Its prose is the lesson of the same number."""
    steps = import_module(f"app_pages.chapters.{NAMES[number - 1]}").STEPS
    return Chapter(number, NAMES[number - 1], steps)
