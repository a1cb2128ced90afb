"""Which model translates: a bundled one, or one that the visitor opens from a file, which nobody else sees."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app_pages import session
from app_pages.i18n import N_, Translate
from app_pages.labels import field_label
from app_pages.results_texts import row_name
from app_pages.zoo import ZOO_DIRECTION, drawable, variant
from transformer.model_files import CheckpointError, names, zoo

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

LONGEST_LABEL = 16  # letters of a model's name on its button
LARGEST = 64  # MB of a file: `guide` has 53
ABOUT = {
    "guide": N_("6 + 6 layers of 8 heads, as in the paper's base model. The better translator."),
    "small": N_("4 + 2 layers of 8 heads. Quicker, and easier to survey."),
}


@dataclass(frozen=True)
class OwnModel:
    """A checkpoint that a visitor opened: its file's name and bytes; the key by which the caches know it."""

    name: str
    content: bytes
    key: str


def own_model() -> OwnModel | None:
    """Return the checkpoint that this visitor opened, if there is one."""
    own: OwnModel | None = st.session_state.get("own model")
    return own


def choices() -> list[str]:
    """Names of the models that this visitor may choose, the default first."""
    own = own_model()
    return [*names(), *drawable(), *([own.key] if own else [])]


def offered(direction: str, chosen: str) -> list[str]:
    """The choices that translate in a direction, and the one that is chosen."""
    return [name for name in choices() if name == chosen or name not in zoo() or direction == ZOO_DIRECTION]


def about(model: str, _: Translate) -> str:
    """Say what a model is."""
    if model in zoo():
        return _("Kernel zoo: {kernel}. Small, captions only, German to English.", kernel=row_name(variant(model), _))
    return _(ABOUT[model]) if model in ABOUT else _("Opened from your file.")


def model_name(model: str) -> str:
    """Say a model's name as the visitor knows it."""
    own = own_model()
    return own.name if own and own.key == model else model


def choose_model(language: str, direction: str, _: Translate) -> str:
    """Show the choice for a direction behind a button that names it; return the model's name."""
    gone = st.query_params.get("model", "").startswith(session.OWN) and own_model() is None
    model = session.remember("model", names()[0], lambda name: name in choices())
    if model not in choices():
        model = names()[0]
    if gone:
        st.toast(_("The model of your own is gone with the page. Open its file again under “Model”."), duration="long")
    with st.container(gap=None):
        field_label(_("Model"))
        name = model_name(model)
        label = name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"
        popover = st.popover(
            label, width="stretch", key="model popover", on_change="rerun", help=None if label == name else name
        )
    if popover.open:
        with popover:
            key = f"model {language}"
            st.session_state[key] = model
            here = offered(direction, model)
            st.radio(
                _("Which model translates"),
                here,
                format_func=model_name,
                captions=[about(name, _) for name in here],
                key=key,
                on_change=_take,
                args=(key,),
            )
            file = st.file_uploader(
                _("Open a checkpoint of your own"),
                type="safetensors",
                max_upload_size=LARGEST,
                key="checkpoint",
                help=_(
                    "A translator trained with this project: `python -m transformer train … --output "
                    "mine.safetensors`. It is read strictly, never executed, and only you can "
                    "use it, until you close this page."
                ),
            )
            _open(file, _)
    return model


def _take(key: str) -> None:
    st.session_state["model"] = st.session_state[key]


def _open(file: UploadedFile | None, _: Translate) -> None:
    """Load what was uploaded, once; say why not where it cannot be used."""
    if file is None:
        st.session_state.pop("opened file", None)
        return
    if st.session_state.get("opened file") != file.file_id:
        st.session_state["opened file"] = file.file_id
        content = file.getvalue()
        key = f"own-{hashlib.sha256(content).hexdigest()[:32]}"
        try:
            session.open_own(key, content)
        except CheckpointError as error:
            logging.getLogger(__name__).warning("an uploaded checkpoint was refused: %s", error)
            st.session_state["refused file"] = file.file_id
        else:
            st.session_state["own model"] = OwnModel(Path(file.name).name[-40:], content, key)
            st.session_state["model"] = key
            st.rerun()
    if st.session_state.get("refused file") == file.file_id:
        st.error(
            _(
                "This file is no translator of this project, or it is broken. Open one that "
                "`python -m transformer train` or `save_checkpoint` wrote."
            )
        )
