"""More made-up sentences with a referent: after 'but' and 'because', as an object, and behind a relative clause.

One antecedent alone leaves the word order free and the choice of gender sure; a relative clause puts another noun
between the referent and its pronoun.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

from experiments.referents import (
    ACCUSATIVE,
    ACTIONS,
    AGENTS,
    NOMINATIVE,
    OBJECTS,
    OF_OBJECTS,
    PRONOUNS,
    Noun,
    Sentence,
    french_article,
    sentences,
)
from transformer.data.tatoeba import Pair

SUBJECTS = (
    ("I", "ich", "j'ai", "je", "私"),
    ("He", "er", "il a", "il", "彼"),
    ("She", "sie", "elle a", "elle", "彼女"),
)
ACQUIRED = (
    ("bought", "kaufte", "acheté", "買った", "買って"),
    ("found", "fand", "trouvé", "見つけた", "見つけて"),
    ("saw", "sah", "vu", "見た", "見て"),
    ("chose", "wählte", "choisi", "選んだ", "選んで"),
)
GOT_RID_OF = (
    ("sold", "verkaufte", "vendu", "売った"),
    ("lost", "verlor", "perdu", "失くした"),
    ("forgot", "vergaß", "oublié", "忘れた"),
    ("hated", "hasste", "détesté", "憎んだ"),
    ("photographed", "fotografierte", "photographié", "撮影した"),
)
MET = (
    ("chased", "jagte", "poursuivait", "追いかけた"),
    ("saw", "sah", "voyait", "見た"),
    ("bit", "biss", "mordait", "噛んだ"),
    ("heard", "hörte", "entendait", "聞いた"),
)
STATES = (  # a state, and its reason
    ("tired", "müde", "fatigué/fatiguée", "疲れていた"),
    ("hungry", "hungrig", "affamé/affamée", "空腹だった"),
    ("sick", "krank", "malade", "具合が悪かった"),
    ("nervous", "nervös", "nerveux/nerveuse", "怯えていた"),
)
REASONS = (
    ("had run all day", "den ganzen Tag gelaufen war", "avait couru toute la journée", "一日中走っていた"),
    ("had eaten nothing", "nichts gefressen hatte", "n'avait rien mangé", "何も食べていなかった"),
    ("had eaten too much", "zu viel gefressen hatte", "avait trop mangé", "食べ過ぎた"),
    ("had heard a noise", "ein Geräusch gehört hatte", "avait entendu un bruit", "物音を聞いた"),
)
WEAK = {"Affe": "Affen", "Bär": "Bären", "Elefant": "Elefanten", "Löwe": "Löwen"}  # what they are in the accusative
OBJECT_PRONOUNS = {"m": "ihn", "f": "sie", "n": "es"}


def capital(text: str) -> str:
    """Begin with a capital letter."""
    return text[0].upper() + text[1:]


def adjectives_of() -> Iterator[tuple[Noun, str]]:
    """Every object with every adjective that fits it."""
    fitting = {(name, word) for action in ACTIONS for name, own in action.objects for word in own.split()}
    for name, word in sorted(fitting):
        yield OBJECTS[name], word


def judged() -> Iterator[Sentence]:
    """Yield `He sold the bag because it was too heavy.` and `I bought the bag, but it was too heavy.`"""
    for (thing, word), (en, de, fr, _, ja) in product(adjectives_of(), SUBJECTS):
        adjective = OF_OBJECTS[word]
        gender, german = thing.german.split()
        feminine = thing.french[0] == "f"
        it, il, french_word = PRONOUNS[gender], "elle" if feminine else "il", adjective.french[feminine]
        obj, french_obj = f"{ACCUSATIVE[gender]} {german}", french_article(thing)
        for english_verb, german_verb, participle, japanese_verb, _ in ACQUIRED:
            others = {
                "de": capital(f"{de} {german_verb} {obj}, aber {it} war zu {adjective.german}."),
                "fr": capital(f"{fr} {participle} {french_obj}, mais {il} était trop {french_word}."),
                "ja": f"{ja}は{thing.japanese}を{japanese_verb}が、それは{adjective.japanese}。",
            }
            yield Sentence(
                f"{en} {english_verb} the {thing.english}, but it was too {word}.", others, None, thing, thing
            )
        for english_verb, german_verb, participle, japanese_verb in GOT_RID_OF:
            others = {
                "de": capital(f"{de} {german_verb} {obj}, weil {it} zu {adjective.german} war."),
                "fr": capital(f"{fr} {participle} {french_obj} parce qu'{il} était trop {french_word}."),
                "ja": f"{thing.japanese}が{adjective.japanese}ので、{ja}はそれを{japanese_verb}。",
            }
            english = f"{en} {english_verb} the {thing.english} because it was too {word}."
            yield Sentence(english, others, None, thing, thing)


def taken_up() -> Iterator[Sentence]:
    """Yield `I bought the bag and lost it.`"""
    for thing, (en, de, fr, je, ja), first, second in product(OBJECTS.values(), SUBJECTS, ACQUIRED, GOT_RID_OF):
        gender, german = thing.german.split()
        agreeing = second[2] + ("e" if thing.french[0] == "f" else "")
        french_end = f"et {je} l'{'ai' if je == 'je' else 'a'} {agreeing}."
        others = {
            "de": capital(f"{de} {first[1]} {ACCUSATIVE[gender]} {german} und {second[1]} {OBJECT_PRONOUNS[gender]}."),
            "fr": capital(f"{fr} {first[2]} {french_article(thing)} {french_end}"),
            "ja": f"{ja}は{thing.japanese}を{first[4]}、それを{second[3]}。",
        }
        yield Sentence(f"{en} {first[0]} the {thing.english} and {second[0]} it.", others, None, thing, thing)


def explained() -> Iterator[Sentence]:
    """Yield `The dog that chased the cat was tired because it had run all day.`, and the same without the cat."""
    for agent, (state, reason) in product(AGENTS.values(), zip(STATES, REASONS, strict=True)):
        gender, german = agent.german.split()
        feminine = agent.french[0] == "f"
        french_state = state[2].split("/")[-1 if feminine else 0]
        german_end = f"war {state[1]}, weil {PRONOUNS[gender]} {reason[1]}."
        french_end = f"était {french_state} parce qu'{'elle' if feminine else 'il'} {reason[2]}."
        english_end = f"was {state[0]} because it {reason[0]}."
        head, french_head = f"{NOMINATIVE[gender]} {german}", french_article(agent)
        others = {
            "de": capital(f"{head} {german_end}"),
            "fr": capital(f"{french_head} {french_end}"),
            "ja": f"{agent.japanese}は{reason[3]}ので{state[3]}。",
        }
        yield Sentence(f"The {agent.english} {english_end}", others, agent, None, agent)
        for other, verb in product(AGENTS.values(), MET):
            if other is not agent:
                other_gender, other_german = other.german.split()
                clause = (
                    f"{NOMINATIVE[gender]} {ACCUSATIVE[other_gender]} {WEAK.get(other_german, other_german)} {verb[1]}"
                )
                others = {
                    "de": capital(f"{head}, {clause}, {german_end}"),
                    "fr": capital(f"{french_head} qui {verb[2]} {french_article(other)} {french_end}"),
                    "ja": f"{other.japanese}を{verb[3]}{agent.japanese}は、{reason[3]}ので{state[3]}。",
                }
                english = f"The {agent.english} that {verb[0]} the {other.english} {english_end}"
                yield Sentence(english, others, agent, other, agent)


def training_pairs(number: int, seed: int, *, every_pattern: bool) -> list[Pair]:
    """Return `number` pairs a language of the first pattern, in half of which 'it' is the agent, or of every one."""
    rng = random.Random(seed)
    crossing = list(sentences(held_out=False))
    groups = [
        ([s for s in crossing if s.referent is s.agent], number // 2),
        ([s for s in crossing if s.referent is s.object], number // 2),
        *((list(pattern()), number) for pattern in (judged, taken_up, explained) if every_pattern),
    ]
    pairs = []
    for language in ("de", "fr", "ja"):
        for group, share in groups:
            fitting = [sentence for sentence in group if language in sentence.others]
            pairs += [Pair(s.english, s.others[language], language) for s in rng.choices(fitting, k=share)]
    return pairs
