"""Trees of Python, Markdown and text from a seed, and the kind of changes that people make to them."""

from __future__ import annotations

import random
from pathlib import Path

TEXT = (
    "session cursor engine commit rollback schema token budget vector ledger header parser router worker socket stream"
    " buffer cache lock shard index merge branch figure letter river garden window morning answer question chapter"
)
WORDS = TEXT.split()


def make_tree(folder: Path, files: int, seed: int) -> None:
    """`files` files in folders of ten: half Python, the rest Markdown and text."""
    chance = random.Random(seed)  # noqa: S311
    for number in range(files):
        path = folder / f"part{number // 10:03d}" / f"{chance.choice(WORDS)}_{number}{_suffix(number)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_content(path.suffix, chance))


def change_tree(folder: Path, seed: int) -> None:
    """Of every twenty files two are changed, two moved, one deleted, and one is new."""
    chance = random.Random(seed)  # noqa: S311
    for number, path in enumerate(sorted(file for file in folder.rglob("*") if file.is_file())):
        if number % 10 == 1:
            path.write_text("# changed\n\n" + path.read_text() + _content(path.suffix, chance))
        elif number % 10 == 4:
            moved = folder / "moved" / path.name
            moved.parent.mkdir(exist_ok=True)
            path.rename(moved)
        elif number % 20 == 7:
            path.unlink()
        elif number % 20 == 3:
            (path.parent / f"new_{path.name}").write_text(_content(path.suffix, chance))


def _suffix(number: int) -> str:
    return (".py", ".md", ".py", ".txt")[number % 4]


def _content(suffix: str, chance: random.Random) -> str:
    if suffix == ".py":
        return "\n\n".join(_function(chance) for _ in range(chance.randint(1, 3)))
    heading = "# " if suffix == ".md" else ""
    parts = [f"{heading}{_phrase(chance, 2).title()}\n\n{_phrase(chance, 25)}.\n" for _ in range(chance.randint(1, 3))]
    return "\n".join(parts)


def _function(chance: random.Random) -> str:
    first, second, third = (chance.choice(WORDS) for _ in range(3))
    return (
        f"def {first}_{second}({third}: int) -> int:\n"
        f'    """{_phrase(chance, 8).capitalize()}."""\n'
        f"    {second} = {first}_{third}({third})\n"
        f"    return {second} + {chance.randint(1, 99)}\n"
    )


def _phrase(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(words))
