"""The walkthrough in front of a class: presenting, and links that leave out chapters, answers, code or controls.

`?present=1` gives large type, nothing but the chapter, and a pointer that lights up what it is on.
`?hide=answers,code,controls,3,7` leaves out the answers, the code, all choices, and chapters 3 and 7.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st

from app_pages import session
from app_pages.i18n import N_, Translate
from app_pages.walkthrough_picture import chosen_in

PARTS = {"answers": N_("Answers"), "code": N_("Code"), "controls": N_("Sentence and choices")}
_PRESENT = """
:root { font-size: 125%; --walk-scale: 1.25; --walk-pointer: block; }
.stAppHeader, .st-key-sentence_bar, .atlas-name, .st-key-lang { display: none; }
.stMainBlockContainer { padding-top: 1rem; max-width: none; }
.stMainBlockContainer > .stVerticalBlock > :nth-child(-n + 2):not(:has(.st-key-walk_navigation)) { display: none; }
"""
# Streamlit's own captions, key hints and coloured code stay below a contrast of 4.5:1.
_READABLE = """
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * { color: var(--atlas-quiet); opacity: 1; }
[data-testid="stCaptionContainer"] a { color: var(--atlas-primary); }
[data-testid="stExpandSidebarButton"] * { color: var(--atlas-quiet); }
.st-key-walk_navigation button * { color: inherit; opacity: 1; }
body:has(:is(.st-key-walk_back, .st-key-walk_forward) button:focus) [data-testid="stTooltipContent"] { display: none; }
.stCode .token { color: inherit !important; }
.stCode .token:is(.keyword, .boolean, .number) { color: var(--atlas-query) !important; }
.stCode .token:is(.string, .triple-quoted-string) { color: var(--atlas-encoder) !important; }
.stCode .token.comment { color: var(--atlas-quiet) !important; }
.stCode .token:is(.function, .class-name) { color: var(--atlas-value) !important; }
"""
# One row where there is room; on a telephone the text comes after as few rows as can be. Formulas scroll if they must.
_FITTING = """
.stMarkdown .katex-display { margin: 0 0 0.5rem; padding: 0.25rem 0; text-align: left; overflow: auto hidden; }
.stMarkdown .katex-display > .katex { text-align: left; }
@media (min-width: 1100px) {
  .st-key-walk_navigation { flex-wrap: nowrap; }
  .st-key-walk_navigation > :not(:has([role=radiogroup])) { flex-shrink: 0; }
  .st-key-walk_navigation > :has([role=radiogroup]) { min-width: 0; flex-shrink: 1; }
}
@media (max-width: 640px) {
  .st-key-walk_navigation { gap: 0.5rem; }
  .st-key-walk_navigation > :is(:has([role=radiogroup]), :has([role=combobox])) { order: 1; }
}
"""
_NO_CONTROLS = ".st-key-sentence_bar .stHorizontalBlock, .st-key-walk_choices { display: none; }"


def hidden() -> set[str]:
    """What the address leaves out."""
    return {part for part in st.query_params.get("hide", "").split(",") if part}


def visible_chapters(count: int) -> list[int]:
    """Numbers of the chapters that are shown: all of them, where the address would leave none."""
    left_out = hidden()
    return [number for number in range(1, count + 1) if str(number) not in left_out] or list(range(1, count + 1))


def presenting() -> bool:
    """Whether the page is shown to a class."""
    return session.remember("present", "0", {"0", "1"}.__contains__) == "1"


def style() -> None:
    """Make the page as large and as bare as the address asks for."""
    rules = _READABLE + _FITTING + (_PRESENT if presenting() else "") + (_NO_CONTROLS if "controls" in hidden() else "")
    st.html(f"<style>{rules}</style>")


def present_button(_: Translate) -> None:
    """Begin or end presenting."""
    shown = presenting()

    def turn() -> None:
        st.session_state["present"] = "0" if shown else "1"

    st.button(_("Leave") if shown else _("Present"), key="walk_present", shortcut="p", on_click=turn)


def link_popover(titles: dict[int, str], number: int, _: Translate) -> None:
    """Make a link for a class."""
    with st.popover(_("For a class"), on_change="rerun", key="walk_class"):  # the link is to what is shown by now
        st.markdown(_("A link to this chapter with your sentence, without what you leave out:"))
        label = _("Leave out")
        parts = st.multiselect(label, list(PARTS), format_func=lambda each: _(PARTS[each]), key="walk_leave_parts")
        others = [each for each in titles if each != number]
        chapters = st.multiselect(
            _("Chapters to leave out"), others, format_func=lambda each: f"{each} · {titles[each]}", key="walk_leave"
        )
        chosen = chosen_in("walkthrough_picture")
        shown = {**dict(st.query_params), **({"picture": chosen} if chosen else {})}
        st.code(class_link(st.context.url or "", shown, [*parts, *map(str, chapters)]), language=None)


def class_link(url: str, query: dict[str, str], left_out: list[str]) -> str:
    """Return an address with all that the page shows, and what is left out."""
    parts = urlsplit(url)
    whole = {**dict(parse_qsl(parts.query)), **query}
    whole.pop("hide", None)
    if left_out:
        whole["hide"] = ",".join(left_out)
    return parts._replace(query=urlencode(whole, safe=",")).geturl()
