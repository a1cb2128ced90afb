"""Made-up sentences in which 'it' has a referent: `The animal didn't cross the street because it was too tired.`

In Tatoeba hardly any 'it' refers to a word of its own sentence. German and French must choose a gender for it, Japanese
repeats the noun or leaves it out; a model that has seen such sentences has a reason to find the referent. Which pairs
of nouns are kept out of training, the guide's animal and street among them, `HELD_OUT` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    """English, German with gender m, f or n, French with gender m or f, Japanese."""

    english: str
    german: str
    french: str
    japanese: str


@dataclass(frozen=True)
class Adjective:
    """English, German, French for m and f, and Japanese for 'was too …'."""

    english: str
    german: str
    french: tuple[str, str]
    japanese: str


@dataclass(frozen=True)
class Action:
    """What was not done to an object, which stands at {}."""

    english: str
    german: str
    french: str
    japanese: str
    objects: tuple[tuple[str, str], ...]  # its name, and the adjectives that are true of it alone


def _nouns(table: str) -> dict[str, Noun]:
    rows = [Noun(*(cell.strip() for cell in line.split("|"))) for line in table.strip().splitlines()]
    return {noun.english: noun for noun in rows}


def _adjectives(table: str) -> dict[str, Adjective]:
    rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return {e: Adjective(e, g, (f.split("/")[0], f.split("/")[-1]), j) for e, g, f, j in rows}


AGENTS = _nouns("""
    animal   | n Tier        | m animal     | 動物
    dog      | m Hund        | m chien      | 犬
    cat      | f Katze       | m chat       | 猫
    horse    | n Pferd       | m cheval     | 馬
    cow      | f Kuh         | f vache      | 牛
    mouse    | f Maus        | f souris     | ネズミ
    bird     | m Vogel       | m oiseau     | 鳥
    fox      | m Fuchs       | m renard     | キツネ
    pig      | n Schwein     | m cochon     | 豚
    sheep    | n Schaf       | m mouton     | 羊
    goat     | f Ziege       | f chèvre     | ヤギ
    duck     | f Ente        | m canard     | アヒル
    rabbit   | n Kaninchen   | m lapin      | ウサギ
    donkey   | m Esel        | m âne        | ロバ
    monkey   | m Affe        | m singe      | 猿
    lion     | m Löwe        | m lion       | ライオン
    bear     | m Bär         | m ours       | 熊
    elephant | m Elefant     | m éléphant   | 象
    frog     | m Frosch      | f grenouille | カエル
    snake    | f Schlange    | m serpent    | 蛇
    turtle   | f Schildkröte | f tortue     | 亀
    spider   | f Spinne      | f araignée   | クモ
""")
OBJECTS = _nouns("""
    street   | f Straße      | f rue        | 通り
    bridge   | f Brücke      | m pont       | 橋
    river    | m Fluss       | f rivière    | 川
    field    | n Feld        | m champ      | 畑
    meat     | n Fleisch     | f viande     | 肉
    bread    | n Brot        | m pain       | パン
    apple    | m Apfel       | f pomme      | リンゴ
    fish     | m Fisch       | m poisson    | 魚
    cheese   | m Käse        | m fromage    | チーズ
    milk     | f Milch       | m lait       | 牛乳
    water    | n Wasser      | f eau        | 水
    mountain | m Berg        | f montagne   | 山
    hill     | m Hügel       | f colline    | 丘
    tower    | m Turm        | f tour       | 塔
    house    | n Haus        | f maison     | 家
    room     | n Zimmer      | f chambre    | 部屋
    garden   | m Garten      | m jardin     | 庭
    cage     | m Käfig       | f cage       | 檻
    stone    | m Stein       | f pierre     | 石
    bag      | f Tasche      | m sac        | 鞄
    box      | f Kiste       | f boîte      | 箱
    ball     | m Ball        | f balle      | ボール
    branch   | m Ast         | f branche    | 枝
    key      | m Schlüssel   | f clé        | 鍵
    bone     | m Knochen     | m os         | 骨
    door     | f Tür         | f porte      | ドア
    window   | n Fenster     | f fenêtre    | 窓
    gate     | n Tor         | m portail    | 門
    wall     | f Mauer       | m mur        | 塀
    fence    | m Zaun        | f clôture    | 柵
""")
OF_AGENTS = _adjectives("""
    tired   | müde      | fatigué/fatiguée     | 疲れすぎていた
    weak    | schwach   | faible               | 弱すぎた
    lazy    | faul      | paresseux/paresseuse | 怠惰すぎた
    young   | jung      | jeune                | 若すぎた
    timid   | ängstlich | timide               | 臆病すぎた
    stupid  | dumm      | stupide              | 愚かすぎた
    hungry  | hungrig   | affamé/affamée       | 空腹すぎた
    sick    | krank     | malade               | 具合が悪すぎた
    nervous | nervös    | nerveux/nerveuse     | 神経質すぎた
    shy     | scheu     | farouche             | 内気すぎた
""")
OF_OBJECTS = _adjectives("""
    wide      | breit      | large                 | 広すぎた
    long      | lang       | long/longue           | 長すぎた
    dangerous | gefährlich | dangereux/dangereuse  | 危険すぎた
    wet       | nass       | mouillé/mouillée      | 濡れすぎていた
    narrow    | schmal     | étroit/étroite        | 狭すぎた
    high      | hoch       | haut/haute            | 高すぎた
    deep      | tief       | profond/profonde      | 深すぎた
    cold      | kalt       | froid/froide          | 冷たすぎた
    hot       | heiß       | chaud/chaude          | 熱すぎた
    dirty     | schmutzig  | sale                  | 汚すぎた
    heavy     | schwer     | lourd/lourde          | 重すぎた
    hard      | hart       | dur/dure              | 硬すぎた
    dry       | trocken    | sec/sèche             | 乾きすぎていた
    salty     | salzig     | salé/salée            | 塩辛すぎた
    steep     | steil      | raide                 | 急すぎた
    big       | groß       | grand/grande          | 大きすぎた
    beautiful | schön      | beau/belle            | 美しすぎた
    small     | klein      | petit/petite          | 小さすぎた
""")
ACTIONS = (
    Action(
        "cross {}", "überquerte {} nicht", "n'a pas traversé {}", "{}を渡らなかった",
        (("street", "wide wet dangerous long"), ("bridge", "narrow long high dangerous"),
         ("river", "wide deep cold dangerous"), ("field", "wide wet dirty")),
    ),
    Action(
        "eat {}", "fraß {} nicht", "n'a pas mangé {}", "{}を食べなかった",
        (("meat", "cold hot salty hard"), ("bread", "dry hard"), ("apple", "hard small big dirty"),
         ("fish", "salty cold big"), ("cheese", "hard salty dry")),
    ),
    Action("drink {}", "trank {} nicht", "n'a pas bu {}", "{}を飲まなかった",
           (("milk", "cold hot"), ("water", "cold hot dirty salty"))),
    Action("climb {}", "bestieg {} nicht", "n'a pas escaladé {}", "{}に登らなかった",
           (("mountain", "high steep dangerous"), ("hill", "high steep wet"), ("tower", "high narrow dangerous"))),
    Action("leave {}", "verließ {} nicht", "n'a pas quitté {}", "{}を離れなかった",
           (("house", "beautiful big"), ("room", "beautiful big"), ("garden", "beautiful big"), ("cage", "narrow"))),
    Action("carry {}", "trug {} nicht", "n'a pas porté {}", "{}を運ばなかった",
           (("stone", "heavy big wet"), ("bag", "heavy big dirty"), ("box", "heavy big wide"),
            ("ball", "big wet dirty"), ("branch", "long heavy wet"))),
    Action("find {}", "fand {} nicht", "n'a pas trouvé {}", "{}を見つけなかった",
           (("key", "small"), ("bone", "small"), ("ball", "small"))),
    Action("open {}", "öffnete {} nicht", "n'a pas ouvert {}", "{}を開けなかった",
           (("door", "heavy high narrow"), ("window", "high heavy small"), ("gate", "high heavy wide"))),
    Action("jump over {}", "sprang nicht über {}", "n'a pas sauté par-dessus {}", "{}を飛び越えなかった",
           (("wall", "high wide dangerous"), ("fence", "high dangerous"), ("gate", "high"), ("river", "wide"))),
)  # fmt: skip
HELD_OUT = {
    ("animal", "street"),
    ("dog", "bridge"),
    ("cat", "bag"),
    ("horse", "wall"),
    ("cow", "apple"),
    ("mouse", "cheese"),
    ("pig", "mountain"),
    ("snake", "window"),
    ("bird", "door"),
    ("fox", "river"),
}
PRONOUNS = {"m": "er", "f": "sie", "n": "es"}
ACCUSATIVE = {"m": "den", "f": "die", "n": "das"}
NOMINATIVE = {"m": "der", "f": "die", "n": "das"}
VOWELS = "aâeéiou"


@dataclass(frozen=True)
class Sentence:
    """One sentence in four languages, and which of its nouns 'it' stands for."""

    english: str
    others: dict[str, str]
    agent: Noun | None
    object: Noun | None
    referent: Noun


def french_article(noun: Noun) -> str:
    """Return the noun with its article."""
    gender, word = noun.french.split()
    return f"l'{word}" if word[0] in VOWELS else f"{'le' if gender == 'm' else 'la'} {word}"


def make(agent: Noun, action: Action, thing: Noun, adjective: Adjective, *, of_agent: bool, degree: str) -> Sentence:
    """Put a sentence together; `degree` is 'too' or 'very', and Japanese has only the first."""
    referent = agent if of_agent else thing
    (gender, agent_word), (thing_gender, thing_word) = agent.german.split(), thing.german.split()
    obj = f"{ACCUSATIVE[thing_gender]} {thing_word}"
    it, adverb = PRONOUNS[referent.german[0]], {"too": "zu", "very": "sehr"}[degree]
    german = (
        f"{NOMINATIVE[gender]} {agent_word} {action.german.format(obj)}, weil {it} {adverb} {adjective.german} war."
    )
    feminine = referent.french[0] == "f"
    il, trop = "elle" if feminine else "il", {"too": "trop", "very": "très"}[degree]
    predicate = action.french.format(french_article(thing))
    french = f"{french_article(agent)} {predicate} parce qu'{il} était {trop} {adjective.french[feminine]}."
    if of_agent:
        japanese = f"{agent.japanese}は{adjective.japanese}ので、{action.japanese.format(thing.japanese)}。"
    else:
        rest = f"{agent.japanese}は{action.japanese.format(thing.japanese)}"
        japanese = f"{thing.japanese}が{adjective.japanese}ので、{rest}。"
    english = f"The {agent.english} didn't {action.english.format('the ' + thing.english)} because it was "
    others = {"de": german[0].upper() + german[1:], "fr": french[0].upper() + french[1:]}
    return Sentence(
        f"{english}{degree} {adjective.english}.",
        others | ({"ja": japanese} if degree == "too" else {}),
        agent,
        thing,
        referent,
    )


def sentences(*, held_out: bool) -> Iterator[Sentence]:
    """Every sentence whose pair of nouns is kept out of training, or every other one."""
    for agent in AGENTS.values():
        for action in ACTIONS:
            for name, own in action.objects:
                if ((agent.english, name) in HELD_OUT) == held_out:
                    for degree in ("too", "very"):
                        for adjective in OF_AGENTS.values():
                            yield make(agent, action, OBJECTS[name], adjective, of_agent=True, degree=degree)
                        for word in own.split():
                            yield make(agent, action, OBJECTS[name], OF_OBJECTS[word], of_agent=False, degree=degree)
