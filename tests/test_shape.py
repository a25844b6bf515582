"""The shape of the project, held by tests: arrows, tables that are whole, and a README that is true."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from sqlmodel import SQLModel

from server.api.problems import STATUS, TITLES
from server.cli import main
from server.domain import errors, events, tables
from server.domain.commands import COMMANDS
from server.domain.conflict_rules import RULES as CONFLICT_RULES
from server.domain.events import Event
from server.domain.permissions import PERMISSIONS
from server.sync.shapes import SHAPES
from workers.consumers import CONSUMERS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

MAY_IMPORT = {
    "server/domain": {"server.domain", "sqlmodel", "sqlalchemy", "msgspec", "pypinyin"},
    "server/sync": {
        "server.domain",
        "server.sync",
        "server.database",
        "sqlmodel",
        "sqlalchemy",
        "msgspec",
        "cryptography",
    },
}
"""Besides the standard library. Nobody imports server.main; workers never import server.api."""

NOBODY_LISTENS_TO = {
    # History alone reads these; a consumer that wants one takes it off the list. Photos are painted because their blob says so.
    "DocumentAsked", "MessageWritten",
    "AlertClosed", "AlertRaised", "BadgeSet", "ClaimEnded", "ClaimTaken", "ConflictAnswered", "ConflictAssigned", "ConflictDismissed", "ConflictOpened",
    "ConflictRepeated", "ConflictResolved", "ConflictResolvedItself", "ContainerMoved", "ContainerUsed", "DocumentAdded", "EnrolmentCodeMade", "FileImported",
    "EnrolmentCodeWithdrawn", "ListExported", "OwnLabelsGiven", "HandOverBegun",
    "GoodsPutAway", "ItemCreated", "LoadClosed", "MutationForced", "MutationHeld", "MutationRejected",
    "ParcelOpened", "ParcelRefused", "ParcelSigned", "PasswordSet", "PersonCreated", "PersonDisabled",
    "PersonEdited", "PersonEnabled", "PhotoStored", "PutBack", "RepliesRead", "ReturnCompleted", "ReturnHeld", "ReturnOpenedWithoutOrder",
    "ReturnReleased", "ReturnReopened", "RuleDemoted", "RuleRestored", "ShipmentRecorded", "StandardSet", "StockOpened", "UnitCostSet", "ReturnTaken", "RightEnded", "RightGranted", "SiteCreated", "SiteEdited",
    "DifferenceClosed", "DifferenceFound", "DifferenceTaken", "LossDecided", "LossEdited", "LossNoted", "LossOpened", "StockListed",
    "TaskAnswered", "TaskRaised", "TaskWithdrawn", "MessageRead", "MessageSent", "WorkCarried",
}  # fmt: skip


def imports(file: Path) -> set[str]:
    package = ".".join(file.relative_to(ROOT).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            found.add(".".join(part for part in (base, node.module or "") if part))
    return found


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_the_arrows_point_inwards(folder: str) -> None:
    allowed = MAY_IMPORT[folder] | set(sys.stdlib_module_names)
    for file in (ROOT / folder).rglob("*.py"):
        for name in imports(file):
            assert any(name == each or name.startswith(each + ".") for each in allowed), (
                f"{file.relative_to(ROOT)} imports {name}"
            )


def test_doors_hold_no_sql_and_nobody_imports_the_assembly() -> None:
    for file in (ROOT / "server" / "api").rglob("*.py"):
        assert not {name for name in imports(file) if name.startswith(("sqlalchemy", "sqlmodel"))}, file.name
    for file in [*(ROOT / "server").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]:
        if file.name not in ("cli.py", "web.py"):
            assert "server.main" not in imports(file), file.name
    for file in (ROOT / "workers").rglob("*.py"):
        assert not {name for name in imports(file) if name.startswith("server.api")}, file.name


def test_there_is_one_commit() -> None:
    for file in (ROOT / "server").rglob("*.py"):
        if "migrations" not in file.parts and file.name not in ("database.py", "backup.py"):
            assert not re.search(r"\.commit\(\)", file.read_text(encoding="utf-8")), file.name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named_after_what_its_person_meant_and_says_its_policy(name: str) -> None:
    entry = COMMANDS[name]
    assert re.sub(r"(?<!^)(?=[A-Z])", "_", entry.struct.__name__).lower() == name
    assert entry.policy in ("Adds", "Edits", "Decides")
    assert entry.struct.__struct_config__.forbid_unknown_fields
    assert entry.struct.__struct_config__.frozen


@pytest.mark.parametrize("name", [name for name, entry in COMMANDS.items() if entry.device])
def test_every_command_of_a_handheld_has_its_twin_there(name: str) -> None:
    twins = (ROOT / "web" / "src" / "lib" / "mutations.ts").read_text(encoding="utf-8")
    assert re.search(rf"^\s+(async )?{name}\(", twins, re.MULTILINE), (
        f"web/src/lib/mutations.ts has no effect of {name}"
    )


def test_the_twins_are_written_from_todays_commands_and_shapes() -> None:
    assert subprocess.run([sys.executable, "-m", "server.sync.typescript", "--check"], cwd=ROOT).returncode == 0


def test_the_sync_reference_is_written_from_todays_structs_and_rules() -> None:
    assert subprocess.run([sys.executable, "-m", "server.sync.reference", "--check"], cwd=ROOT).returncode == 0


def test_every_refusal_has_a_status_a_title_and_a_line_in_the_readme() -> None:
    codes = {refusal.code for refusal in errors.REFUSALS} | {"gap", "device_forked", "revoked"}
    assert codes <= STATUS.keys()
    assert STATUS.keys() == TITLES.keys()
    for code, status in STATUS.items():
        assert re.search(rf"^\| `{code}` \| {status} \|", README, re.MULTILINE), (
            f"README's error table lacks {code} {status}"
        )


def test_the_readme_has_every_setting_as_it_is() -> None:
    from click.testing import CliRunner

    printed = CliRunner().invoke(main, ["settings"]).output
    for row in printed.strip().splitlines():
        assert row in README, row


def test_every_event_is_listened_to_or_known_to_be_for_the_history_alone() -> None:
    kinds = {
        name for module in (events, *vars(tables).values()) if isinstance(module, ModuleType)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    }  # fmt: skip
    heard = {kind for consumer in CONSUMERS.values() for kind in consumer.kinds}
    assert heard <= kinds, heard - kinds
    assert kinds - heard == set(NOBODY_LISTENS_TO), (kinds - heard) ^ set(NOBODY_LISTENS_TO)


def test_every_table_lies_in_a_feed_or_stays_on_the_server_on_purpose() -> None:
    in_feeds = {shape.model.__tablename__ for shape in SHAPES.values()}
    assert in_feeds <= SQLModel.metadata.tables.keys()
    for secret in ("session", "throttle", "onetimecode", "mutation", "stockentry", "device", "alert", "occurrence"):
        assert secret not in in_feeds


def test_every_conflict_rule_suggests_one_of_its_own_options_and_says_why() -> None:
    for rule in CONFLICT_RULES.values():
        assert rule.suggested in rule.options
        assert rule.why.endswith(".")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_desk_has_words_for_every_conflict_rule_and_each_of_its_options(language: str) -> None:
    words = (ROOT / "web" / "src" / "lib" / "i18n" / f"desk.{language}.ts").read_text(encoding="utf-8")
    needed = {
        key
        for rule in CONFLICT_RULES.values()
        for key in (
            f"rule.{rule.id}", f"rule_means.{rule.id}", f"rule_why.{rule.id}", *(f"option.{option}" for option in rule.options),
            *(f"option_does.{rule.id}.{option}" for option in rule.options),
        )
    }  # fmt: skip
    assert not sorted(key for key in needed if f"  '{key}': '" not in words)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_handheld_says_in_words_what_was_decided_under_every_option(language: str) -> None:
    web = ROOT / "web" / "src"
    words = (web / "lib" / "i18n" / f"floor.{language}.ts").read_text(encoding="utf-8")
    listed = (web / "screens" / "floor" / "say.ts").read_text(encoding="utf-8")
    options = {option for rule in CONFLICT_RULES.values() for option in rule.options}
    assert not sorted(
        option for option in options if f"  'kept.{option}': '" not in words or f"'{option}'" not in listed
    )
    assert not sorted(rule for rule in CONFLICT_RULES if f"  'rule.{rule}': '" not in words)


def test_every_right_belongs_to_a_role_that_exists() -> None:
    roles = {"operator", "inspector", "reviewer", "supervisor", "sales", "service", "finance", "office", "admin"}
    assert all(set(held) <= roles and held for held in PERMISSIONS.values())


def test_every_screenshot_the_readme_shows_is_there() -> None:
    pictures = re.findall(r'<img src="([^"]+)"|!\[[^\]]*\]\(([^)]+)\)', README)
    assert pictures, "the README shows no screen"
    for picture in pictures:
        assert (ROOT / "".join(picture)).is_file(), f"{''.join(picture)} is missing: make screenshots"
