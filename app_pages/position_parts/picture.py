"""The parts of the page, by the names that the address has for them."""

from __future__ import annotations

from collections.abc import Callable

from app_pages.i18n import N_, Translate
from app_pages.position_parts import kernel, order, patterns
from app_pages.position_parts.reading import Picture, Reading

NAMES = {"order": N_("Order"), "patterns": N_("Patterns of places"), "kernel": N_("Position in the kernel")}
PARTS: dict[str, Callable[[Reading, str, Translate], Picture]] = {
    "order": order.part,
    "patterns": patterns.part,
    "kernel": kernel.part,
}
