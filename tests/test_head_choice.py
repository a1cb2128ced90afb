"""The head that a visitor looks at: one for all pages, from links, from the browser of all heads and from the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app_pages import head_choice

APP = str(Path(__file__).parent.parent / "app.py")
HEADER = {"selection": {"kind": "cross", "layer": 1, "head": 5}}
KEYS = ("kind", "layer", "head")


def in_address(app: AppTest) -> list[str]:
    found = [app.query_params.get(key, "") for key in KEYS]
    return [each if isinstance(each, str) else each[0] for each in found]


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    monkeypatch.setattr(head_choice.st, "session_state", kept)
    return kept


def test_the_browser_says_what_was_open_and_where_the_visitor_goes(state: dict[str, Any]) -> None:
    state["show"] = {"number": 1}
    told = {"number": 7, "to": "kernels", "kind": "encoder", "layer": 3, "head": 0}
    head_choice.take_from_browser(told, HEADER)
    assert state == {"kind": "encoder", "layer": "4", "head": "1", "left for": "kernels"}


def test_the_head_that_was_opened_by_itself_is_no_choice(state: dict[str, Any]) -> None:
    state.update(kind="encoder", layer="4", head="1")
    head_choice.take_from_browser({"to": "positions", **HEADER["selection"]}, HEADER)
    assert [state[key] for key in KEYS] == ["", "", ""]


@pytest.mark.parametrize(
    "told", [None, {}, {"to": "kernels"}, {"kind": "encoder", "layer": "x", "head": 1, "to": "kernels"}]
)
def test_what_is_not_from_our_page_is_not_heard(state: dict[str, Any], told: Any) -> None:
    head_choice.take_from_browser(told, HEADER)
    assert state == {}


def test_a_head_follows_from_the_kernels_to_the_positions_and_stays_where_a_model_has_it() -> None:
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update({"model": "small", "text": "I am tired.", "lens": "filter"})
    app.switch_page("app_pages/kernels.py").run()
    app.selectbox(key="kind en").set_value("encoder").run()
    app.selectbox(key="layer en").set_value("3").run()
    app.selectbox(key="head en").set_value("7").run()
    assert not app.exception
    assert in_address(app) == ["encoder", "3", "7"]
    app.query_params.clear()
    app.query_params["part"] = "kernel"
    app.session_state["part"] = "kernel"
    app.switch_page("app_pages/positions.py")
    app.query_params.clear()  # as the menu leaves it
    app.run()
    assert not app.exception
    assert [app.segmented_control(key=f"{key} en").value for key in KEYS] == ["encoder", "3", "7"]
    assert in_address(app) == ["encoder", "3", "7"]
    app.segmented_control(key="kind en").set_value("decoder").run()  # which has two layers
    assert [app.segmented_control(key=f"{key} en").value for key in KEYS] == ["decoder", "1", "7"]
