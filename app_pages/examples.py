"""Sentences to start from: each in all four languages, so that a change of direction keeps what it says."""

from __future__ import annotations

EXAMPLES: tuple[dict[str, str], ...] = (
    {
        "en": "The animal didn't cross the street because it was too tired.",
        "de": "Das Tier überquerte die Straße nicht, weil es zu müde war.",
        "fr": "L'animal n'a pas traversé la rue parce qu'il était trop fatigué.",
        "ja": "その動物は疲れすぎていたので、通りを渡らなかった。",
    },
    {
        "en": "I am a student.",
        "de": "Ich bin Student.",
        "fr": "Je suis étudiant.",
        "ja": "私は学生です。",
    },
    {
        "en": "The boy who lives next door plays the piano every evening.",
        "de": "Der Junge, der nebenan wohnt, spielt jeden Abend Klavier.",
        "fr": "Le garçon qui habite à côté joue du piano tous les soirs.",
        "ja": "隣に住んでいる少年は毎晩ピアノを弾く。",
    },
    {
        "en": "If it rains tomorrow, we will stay at home and read.",
        "de": "Wenn es morgen regnet, bleiben wir zu Hause und lesen.",
        "fr": "S'il pleut demain, nous resterons à la maison pour lire.",
        "ja": "明日雨が降ったら、家で本を読みます。",
    },
    {
        "en": "My brother doesn't like coffee, but he drinks tea every morning.",
        "de": "Mein Bruder mag keinen Kaffee, aber er trinkt jeden Morgen Tee.",
        "fr": "Mon frère n'aime pas le café, mais il boit du thé tous les matins.",
        "ja": "兄はコーヒーが好きではないが、毎朝お茶を飲む。",
    },
)
DEFAULT_TEXT, DEFAULT_DIRECTION = EXAMPLES[0]["en"], "en-de"


def same_example(text: str, language: str) -> str | None:
    """Return the example that the text is, in another language; None if it is the visitor's own."""
    return next((example[language] for example in EXAMPLES if text in example.values()), None)
