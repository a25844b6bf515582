"""How far our reading of GS1 element strings agrees with another: python tests/bench/gs1.py FOLDER

FOLDER holds a node_modules with bwip-js (`npm install bwip-js` there; it is no dependency of ours). Its checks of element strings are
made from GS1's own syntax dictionary, by the author of the official syntax engine. For each application identifier of the table some
messages are made that fit, and from each of them others that are broken in one way; both say whether they take it. Printed is how often
they say the same, and of each kind of difference an example.
"""

import argparse
import datetime as dt
import json
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from server.barcodes.gs1 import parse
from server.barcodes.rules import check_digit
from server.barcodes.table import IDENTIFIERS, Part
from server.frontend import node_home

TODAY = dt.date(2026, 11, 30)
DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHARACTERS = {
    "N": DIGITS, "X": UPPER + UPPER.lower() + DIGITS + "!\"%&'*+,-./:;<=>?_", "Y": "#-/" + DIGITS + UPPER,
    "Z": UPPER + UPPER.lower() + DIGITS + "-_",
}  # fmt: skip
ASKED = """
const bwip = require('bwip-js')
const said = JSON.parse(require('fs').readFileSync(0)).map((text) => {
  try { bwip.raw({ bcid: 'gs1datamatrix', text: text.replaceAll('\\\\(', '^040'), parse: true }); return '' }
  catch (error) { return String(error.message ?? error).split('\\n')[0] }
})
console.log(JSON.stringify(said))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=6, help="messages that fit, for each identifier")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    luck = random.Random(options.seed)
    asked = [one for ai in IDENTIFIERS for _ in range(options.each) for one in messages(ai, luck)]
    answer = subprocess.run(
        [str((node_home() or Path("/usr")) / "bin" / "node"), "-e", ASKED], input=json.dumps([text for _, text in asked]), capture_output=True, text=True, check=True,
        cwd=options.folder,
    )  # fmt: skip
    agreed: dict[str, list[bool]] = defaultdict(list)
    differences: dict[str, list[str]] = defaultdict(list)
    for (kind, text), theirs in zip(asked, json.loads(answer.stdout), strict=True):
        ours = [problem.code for problem in parse(text, today=TODAY).problems]
        agreed[kind].append(bool(ours) == bool(theirs))
        if bool(ours) != bool(theirs):
            differences[
                f"{kind}: we say {'+'.join(ours) or 'it fits'}, they {theirs.split('(')[0][:80] or 'it fits'}"
            ].append(text)
    everything = [same for sames in agreed.values() for same in sames]
    for kind, sames in (*agreed.items(), ("all", everything)):
        print(f"{kind:10} {sum(sames):6} of {len(sames):6}  {sum(sames) / len(sames):7.2%}")
    for difference, texts in sorted(differences.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(texts):5} {difference}  as {texts[0]}")
    print(
        f"identifiers that were asked about: {len({ai for _, text in asked for ai in IDENTIFIERS if text.startswith(f'({ai})')})} of {len(IDENTIFIERS)}"
    )


def messages(ai: str, luck: random.Random) -> Iterator[tuple[str, str]]:
    beside = [(other, value_of(other, luck)) for other in companions(ai)]
    value = value_of(ai, luck)
    if not value or not all(value for _, value in beside):
        return

    def written(changed: str, *more: tuple[str, str]) -> str:
        return "".join(f"({ai}){value.replace('(', chr(92) + '(')}" for ai, value in ((ai, changed), *more))

    at = luck.randrange(len(value))
    other = str((int(value[at]) + luck.randint(1, 9)) % 10) if value[at].isdigit() else "q"
    yield "fits", written(value, *beside)
    if beside:
        yield "alone", written(value)
    yield "shorter", written(value[:-1] or "Z", *beside)
    yield "longer", written(value + "9" * (IDENTIFIERS[ai].most - len(value) + 1), *beside)
    yield "characters", written(f"{value[:at]}~{value[at + 1 :]}", *beside)
    yield "changed", written(value[:at] + other + value[at + 1 :], *beside)
    for pattern in IDENTIFIERS[ai].excludes[:1]:
        clash = next((one for one in IDENTIFIERS if one.startswith(pattern.rstrip("n")) and one != ai), "")
        if clash and (theirs := value_of(clash, luck)):
            yield "exclusive", written(value, *beside, (clash, theirs))


def companions(ai: str, have: tuple[str, ...] = ()) -> list[str]:
    """What must stand beside it, and what beside that."""
    found: list[str] = []
    for need in IDENTIFIERS[ai].needs:
        for pattern in need[0]:
            other = next(one for one in IDENTIFIERS if one.startswith(pattern.rstrip("n")))
            if other not in (*have, *found, ai):
                found += [other, *companions(other, (*have, *found, ai, other))]
    return list(dict.fromkeys(found))


def value_of(ai: str, luck: random.Random) -> str:
    """One that we take; '' when none was found by luck."""
    for _ in range(60):
        value = "".join(piece(part, luck) for part in IDENTIFIERS[ai].parts if not part.optional or luck.random() < 0.5)
        problems = parse(f"({ai}){value}", today=TODAY).problems
        if "(" not in value and all(problem.code == "missing_pair" for problem in problems):
            return value
    return ""


def piece(part: Part, luck: random.Random) -> str:
    length = part.most if part.least == part.most else luck.randint(part.least, min(part.most, 12))
    day = f"{luck.randint(20, 30):02}{luck.randint(1, 12):02}{luck.randint(1, 28):02}"
    body = "".join(luck.choice(DIGITS) for _ in range(length - 1))
    share = luck.randint(1, 9)
    known = {
        "check": body + check_digit(body) if body else "", "day0": day, "day": day, "date": f"20{day}", "hour": f"{luck.randint(0, 23):02}",
        "time": f"{luck.randint(0, 23):02}{luck.randint(0, 59):02}", "sixty": f"{luck.randint(0, 59):02}", "country": "156",
        "country9": "276", "country2": "CN", "currency": luck.choice(("978", "156", "840")), "zero": "0",
        "piece": f"{share:02}{luck.randint(share, 20):02}",
        "prefix": "9506000" + "".join(luck.choice(DIGITS) for _ in range(max(0, length - 7))),
    }  # fmt: skip
    for rule in part.rules:
        if rule in known:
            return known[rule]
    return "".join(luck.choice(CHARACTERS[part.charset]) for _ in range(length))


if __name__ == "__main__":
    main()
