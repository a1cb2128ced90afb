"""The recipes run: in miniature, without data, and with a clear word where data is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch

from experiments.guide import RECIPE as GUIDE
from experiments.guide import REFINED_SHARE, REFINING, blend
from experiments.recipe import shrink_residual_branches
from experiments.referent_patterns import training_pairs
from experiments.referents import AGENTS, OBJECTS, sentences
from experiments.small import RECIPE as SMALL
from experiments.small import SMOKE
from transformer import load_translator
from transformer.checkpoints import load_checkpoint, save_checkpoint
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


def test_a_blend_lies_between_its_two_models(tiny_config, tokenizer, tmp_path):
    models = []
    for name, seed in (("first", 1), ("second", 2)):
        torch.manual_seed(seed)
        models.append(build(replace(tiny_config, vocab_size=len(tokenizer))))
        save_checkpoint(tmp_path / f"{name}.safetensors", models[-1], tokenizer, {"name": name}, quantize=False)
    blend(tmp_path / "first.safetensors", tmp_path / "second.safetensors", 0.25, tmp_path / "blend.safetensors")
    checkpoint = load_checkpoint(tmp_path / "blend.safetensors")
    assert checkpoint.card["share"] == 0.25
    first, second = (model.state_dict() for model in models)
    for name, weight in checkpoint.model.state_dict().items():
        expected = 0.75 * first[name] + 0.25 * second[name]
        torch.testing.assert_close(weight, expected, rtol=0, atol=float(expected.abs().max()) / 250)  # 8-bit rows


def test_sentences_with_a_referent_keep_the_held_out_ones_apart():
    pairs = training_pairs(300, 1, every_pattern=True)
    assert len(pairs) == 3 * 4 * 300
    held_out = {sentence.english for sentence in sentences(held_out=True)}
    assert "The animal didn't cross the street because it was too tired." in held_out
    assert not held_out & {pair.english for pair in pairs}
    # Gender decides the pronoun, whatever the pattern: the subject of the second clause names it.
    german = {noun.german.split()[1]: noun.german[0] for noun in (AGENTS | OBJECTS).values()}
    for pair in (pair for pair in pairs if pair.language == "de" and ", aber " in pair.other):
        noun, pronoun = re.search(r"(\w+), aber (\w+) war", pair.other).groups()
        assert {"m": "er", "f": "sie", "n": "es"}[german[noun]] == pronoun


def test_the_recipe_of_guide_is_that_of_the_bundled_model():
    checkpoint = load_checkpoint(bundled("guide"))
    assert checkpoint.model.config == GUIDE.model
    card = checkpoint.card
    assert (card["share"], card["averaged"], card["weights"]["averaged"]) == (REFINED_SHARE, REFINING.average, 5)
    for run, recipe in ((card, REFINING), (card["weights"], GUIDE)):
        assert run["max_tokens"] == recipe.max_tokens
        assert run["training"] == asdict(recipe.training) | {"done": recipe.training.steps}
