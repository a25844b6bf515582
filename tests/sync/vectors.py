"""Plays the conversations of docs/vectors against a server: each request as it is written, each answer compared as docs/vectors/README.md says."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.doors import Browser, Doors

FOLDER = Path(__file__).parents[2] / "docs" / "vectors"
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


class Player:
    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self.known: dict[str, Any] = {
            "$epoch": doors.device("A1").get("/sync/v1/feeds").json()["epoch"],
            "$picture": hashlib.sha256(PICTURE).hexdigest(),
        }

    def play(self, vector: dict[str, Any]) -> None:
        for number, step in enumerate(vector["steps"], 1):
            answer = self._ask(step)
            told = f"step {number}, {step['request']}: {answer.status_code} {answer.text[:2000]}"
            assert answer.status_code == step["status"], told
            if "answer" in step:
                self._compare(self._filled(step["answer"]), answer.json(), told)
            for field, name in step.get("keep", {}).items():
                self.known[f"${name}"] = answer.json()[field]

    def _ask(self, step: dict[str, Any]) -> Any:
        method, path = self._filled(step["request"]).split(" ", 1)
        who = self._who(step)
        if "picture" in step:
            return who.raw(method, path, PICTURE, Content_Type="image/png")
        if "text" in step:
            text = step["text"]
            body = text if isinstance(text, str) else text["repeat"] * text["times"]
            return who.raw(method, path, body.encode(), Content_Type="application/json", **step.get("headers", {}))
        if "body" not in step:
            return who.raw(method, path, b"")
        if method == "DELETE":
            return who.delete(path)
        body = self._filled(step["body"])
        if body.get("mutations") == [{"repeat": 501}]:
            body["mutations"] = [
                {"seq": n, "id": f"id-{n}", "name": "fly", "by": "cleo", "site": "site-sh", "args": {}, "made_at": 0}
                for n in range(1, 502)
            ]
        return who.send(method, path, body)

    def _who(self, step: dict[str, Any]) -> Browser:
        if "person" in step:
            return self.doors.person(step["person"])
        return self.doors.device(step["device"]) if step["device"] else self.doors.nobody()

    def _filled(self, value: Any) -> Any:
        """With what `$name` stands for."""
        if isinstance(value, dict):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if isinstance(value, str):
            for name, known in self.known.items():
                value = value.replace(name, str(known))
        return value

    def _compare(self, expected: Any, found: Any, told: str) -> None:
        assert matches(expected, found), f"{told}\nis not {json.dumps(expected, ensure_ascii=False)}"


def matches(expected: Any, found: Any) -> bool:
    """`*`: anything but nothing. An object: these members, and others. A list: these, or, after `…`, these among others."""
    if expected == "*":
        return found not in (None, "")
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(matches(each, found.get(name)) for name, each in expected.items())
    if isinstance(expected, list):
        if not isinstance(found, list):
            return False
        if expected[:1] == ["…"]:
            return all(any(matches(each, other) for other in found) for each in expected[1:])
        return len(expected) == len(found) and all(map(matches, expected, found))
    return bool(expected == found) and type(expected) is type(found)
