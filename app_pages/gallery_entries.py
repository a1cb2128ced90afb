"""The sentences of the gallery: what each shows, and which two words to watch. Numbers are measured, not written here.

`query` and `key` are words of the sentences of that kind of attention: in the encoder both of the text, in the decoder
both of the translation, in the cross-attention the query of the translation, the key of the text. A query in the
translation is the position that goes on to write the word.
"""

from __future__ import annotations

from dataclasses import dataclass

from app_pages.i18n import N_


@dataclass(frozen=True)
class Entry:
    """A sentence with something to see: `look` says what to look for, in English."""

    id: str
    phenomenon: str
    text: str
    direction: str
    kind: str
    query: str
    key: str
    look: str


PHENOMENA = {
    "pronoun": N_("What “it” stands for"),
    "distance": N_("Over a long distance"),
    "agreement": N_("Words that must agree"),
    "negation": N_("Saying no"),
    "verb": N_("Verbs that split or wait"),
    "order": N_("Word order and particles"),
    "name": N_("Names"),
    "compound": N_("Two words for one"),
    "question": N_("Questions"),
}
_TIRED = "The animal didn't cross the street because it was too tired."
_WIDE = "The animal didn't cross the street because it was too wide."
ENTRIES = (
    Entry(
        *("it-animal", "pronoun", _TIRED, "en-de", "encoder", "it", "animal"),
        N_("“It” is the animal here: streets do not get tired. Does a head of the encoder look from “it” to “animal”?"),
    ),
    Entry(
        *("es-animal", "pronoun", _TIRED, "en-de", "cross", "es", "animal"),
        N_(
            "German has to choose: “es” for the animal, “sie” for the street. Just before it writes “es”, does a head "
            "look past “it” to what “it” stands for?"
        ),
    ),
    Entry(
        *("elle-street", "pronoun", _WIDE, "en-fr", "cross", "elle", "street"),
        N_("Now “it” is the street, so French says “elle”, for “la rue”. Look for the head that turns to “street”."),
    ),
    Entry(
        *("ga-it", "pronoun", _WIDE, "en-ja", "cross", "が", "it"),
        N_(
            "Japanese has no “it” here: the translation begins with the street itself, 通り. Look at what the model "
            "looks at when it has written that and goes on with the particle が."
        ),
    ),
    Entry(
        "spielen-kinder",
        "distance",
        "The children who live next door are playing in the garden.",
        *("en-de", "decoder", "spielen", "Kinder"),
        N_("A whole clause stands between “Kinder” and its verb. Look from the verb back to its subject."),
    ),
    Entry(
        "lives-man",
        "distance",
        "Der Mann, der mein altes Auto repariert hat, wohnt in Paris.",
        *("de-en", "decoder", "lives", "man"),
        N_("Another verb and a car stand between “man” and “lives”. Look for the head that reaches back over them."),
    ),
    Entry(
        *("sont-cles", "agreement", "The keys to the old house are on the table."),
        *("en-fr", "decoder", "sont", "clés"),
        N_("The keys are many, the house, which is nearer, is one: the verb “sont” has to follow “clés”."),
    ),
    Entry(
        *("agee-mary", "agreement", "Mary is older than Tom.", "en-fr", "decoder", "âgée", "Mary"),
        N_("“Âgée” ends in -e because Mary is a woman. Look from the adjective back to the name."),
    ),
    Entry(
        *("nicht-not", "negation", "He does not understand the question.", "en-de", "cross", "nicht", "not"),
        N_("English says “not” before the verb, German says “nicht” at the end. Look for the way back."),
    ),
    Entry(
        *("ne-pas", "negation", "Je ne mange pas de viande.", "fr-en", "encoder", "ne", "pas"),
        N_("French says no with two words, one on each side of the verb. Look from “ne” over the verb to “pas”."),
    ),
    Entry(
        *("not-masen", "negation", "彼女は医者ではありません。", "ja-en", "cross", "not", "ません"),
        N_("Japanese says no at the end, with ません, English early. Look from “not” to the end of the sentence."),
    ),
    Entry(
        *("steht-auf", "verb", "Er steht jeden Morgen um sechs Uhr auf.", "de-en", "encoder", "steht", "auf"),
        N_("“Aufstehen”, to get up, comes in two parts: “steht” is second, “auf” last. Look from one to the other."),
    ),
    Entry(
        *("kaufen-buy", "verb", "I know that he wants to buy a red car.", "en-de", "cross", "kaufen", "buy"),
        N_("After “dass”, German keeps its verbs for the end. Look from “kaufen” back to “buy”, before the car."),
    ),
    Entry(
        *("nomi-drink", "order", "I drink coffee every morning.", "en-ja", "cross", "飲み", "drink"),
        N_("The verb is second in English and last in Japanese. Look from 飲み back to “drink”, over all the rest."),
    ),
    Entry(
        *("wa-ani", "order", "兄は毎朝コーヒーを飲む。", "ja-en", "encoder", "は", "兄"),
        N_("A particle says what the word before it does: は makes 兄, the brother, the topic. Look one word back."),
    ),
    Entry(
        *("rouge-red", "order", "She bought a red car.", "en-fr", "cross", "rouge", "red"),
        N_("The colour comes before the car in English, after it in French. Look for two lines that cross."),
    ),
    Entry(
        *("jon-john", "name", "Tom and Mary met John in Paris.", "en-ja", "cross", "ジョン", "John"),
        N_("Three people and a city, in another order and another script. Look for a head that mixes up none of them."),
    ),
    Entry(
        *("bahnhof-station", "compound", "The train station is far from here."),
        *("en-de", "cross", "Bahnhof", "train station"),
        N_("English needs two words for what is one in German. Look for a head that takes both together."),
    ),
    Entry(
        *("do-mark", "question", "Est-ce que tu aimes la musique ?", "fr-en", "cross", "Do", "?"),
        N_("An English question begins with “do”. Look at what the model looks at before it writes that word."),
    ),
    Entry(
        *("do-ka", "question", "あなたはどこに住んでいますか。", "ja-en", "cross", "do", "か"),
        N_("Japanese asks with か at the end, English with “do”. Look from “do” to the end of the sentence."),
    ),
)
