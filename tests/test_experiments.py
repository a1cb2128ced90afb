"""The recipes run: in miniature, without data, and with a clear word where data is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import torch

from experiments.guide import RECIPE as GUIDE
from experiments.recipe import shrink_residual_branches
from experiments.small import RECIPE as SMALL
from experiments.small import SMOKE
from transformer import load_translator
from transformer.checkpoints import load_checkpoint
from transformer.model_files import bundled
from transformer.models import build
from transformer.runs import load_state

ROOT = Path(__file__).parent.parent
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}  # on busy cores, threads that wait for each other take minutes


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "experiments.small", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, env=ONE_THREAD, timeout=120
    )


def test_small_runs_in_miniature(tmp_path):
    output = tmp_path / "new" / "tiny.safetensors"
    started = time.perf_counter()
    done = run("--smoke", "--output", str(output))
    assert done.returncode == 0, done.stderr
    assert time.perf_counter() - started < 60
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", done.stdout)]
    assert len(losses) == 3
    assert losses[0] > losses[1] > losses[2]
    assert f"wrote {output}" in done.stdout
    assert {path.name for path in output.parent.iterdir()} == {"tiny.safetensors", "tiny.state.safetensors"}

    translator = load_translator(output)
    result = translator.translate("A dog is near the house number one.", "de")
    assert result.steps
    assert translator.trace("犬", "en", "A dog.").tokens["output"][0][-1] == "</s>"
    assert translator.card["data"] == "made up"
    assert translator.card["training"]["done"] == 30
    exact = load_state(output.with_name("tiny.state.safetensors"), SMOKE.training).weights
    for name, weight in translator.model.state_dict().items():
        torch.testing.assert_close(weight, exact[name], rtol=0, atol=float(exact[name].abs().max()) / 253)


def test_without_data_it_says_what_to_give():
    done = run()
    assert done.returncode == 2
    words = " ".join(done.stderr.replace("│", " ").split())
    assert "give the directory of the Tatoeba files with --data, or try --smoke" in words
    assert "Traceback" not in done.stderr


def test_the_recipe_is_that_of_the_bundled_model():
    checkpoint = load_checkpoint(bundled("small"))
    assert checkpoint.model.config == SMALL.model
    card = checkpoint.card
    assert card["recipe"] == "python -m experiments.small"
    assert card["max_tokens"] == SMALL.max_tokens
    for name in ("steps", "warmup", "peak_rate", "cooldown", "label_smoothing", "clip_norm", "precision", "seed"):
        assert card["training"][name] == getattr(SMALL.training, name), name


def test_guide_has_the_size_of_the_papers_base_model():
    with torch.device("meta"):
        parameters = sum(p.numel() for p in build(GUIDE.model).parameters())
    attention, feed_forward, norm = 4 * (512 * 512 + 512), 2 * 512 * 2048 + 2048 + 512, 2 * 512
    assert parameters == 16000 * 512 + 6 * (3 * attention + 2 * feed_forward + 5 * norm)


def test_shrinking_touches_the_last_maps_of_the_sublayers_alone(tiny_config):
    model = build(tiny_config)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    shrink_residual_branches(model)
    changed = {name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])}
    assert len(changed) == 2 * 2 + 2 * 3  # sub-layers of two encoder and two decoder layers
    for name in changed:
        assert name.endswith(("w_o.weight", "w_2.weight"))
        torch.testing.assert_close(model.state_dict()[name], before[name] / 10**0.5)
