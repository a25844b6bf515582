"""The explainers at the desk: findings with names, the button that helps, or whom to ask."""

from sqlmodel import col

from .. import explanations
from ..catalog import Item, Site
from ..errors import Invalid, NotFound
from ..explanations import FIXES, Finding
from ..people import Grant, Person, holders
from ..returns import ReturnOrder
from ..work import Work
from .differences import named_in
from .returns import seen
from .rows import Json, item_ref, many, one, order_ref, shown

ASK_AT_MOST = 4


def sight(work: Work, *, person: str, order: str) -> Json:
    """Why does this person not see this return? `order`: its id or its number."""
    work.allow("see_desk")
    asked = work.first(Person, col(Person.id) == person) or work.first(
        Person, col(Person.username) == person.strip().lower()
    )
    if asked is None:
        raise NotFound("This person does not exist.", kind="Person", id=person)
    found = work.first(
        ReturnOrder, (col(ReturnOrder.id) == order) | (col(ReturnOrder.number) == order.strip().upper()), seen(work)
    )
    if found is None:
        return _answer(work, "", explanations.why_not_here(work, order)) | {
            "person": shown(asked, "id", "name"),
            "order": None,
        }
    return _answer(work, found.site_id, explanations.why_not_seen(work, found, asked)) | {
        "person": shown(asked, "id", "name"), "order": order_ref(found),
    }  # fmt: skip


def freshness(work: Work, *, site: str, item: str = "") -> Json:
    """Why is the stock of this site, or of one item there, not updated?"""
    work.allow("see_stock", site)
    if work.look(Site, site) is None:
        raise Invalid("Say which site.", field="site")
    found = explanations.why_not_updated(work, site, item)
    about = work.look(Item, item)
    return _answer(work, site, found) | {"fresh": explanations.freshness(work, site)._asdict(), "item": item_ref(about)}


def completion(work: Work, order_id: str) -> Json:
    """Why can this return not be completed?"""
    order = one(work, ReturnOrder, order_id, seen(work))
    return _answer(work, order.site_id, explanations.why_not_complete(work, order)) | {"order": order_ref(order)}


def people_to_ask_about(work: Work) -> list[Json]:
    """Whom one may ask about: everybody who works at one's sites."""
    work.allow("see_desk")
    sites = work.actor.sites("see_desk")
    here = [] if sites is None else [col(Grant.site_id).in_({*sites, ""})]
    working = {grant.person_id for grant in work.find(Grant, *here)}
    return [
        shown(person, "id", "name", "username")
        for person in sorted(many(work, Person, working).values(), key=lambda each: each.name)
    ]


def _answer(work: Work, site_id: str, found: list[Finding]) -> Json:
    known = named_in(work, [finding.facts for finding in found])
    known |= {id: {"id": id, "name": item.name, "name_en": item.name_en, "code": item.sku}
              for id, item in many(work, Item, (str(finding.facts.get("for_item_id", "")) for finding in found)).items()}  # fmt: skip
    return {
        "findings": [
            {
                "code": finding.code, "weight": finding.weight, "facts": finding.facts, "units": finding.units,
                "named": {id: known[id] for id in finding.facts.values() if isinstance(id, str) and id in known},
                "fix": _fix(work, finding, site_id),
            }
            for finding in found
        ]
    }  # fmt: skip


def _fix(work: Work, finding: Finding, site_id: str) -> Json | None:
    """`do`: what helps; `may`: whether the asker can; else `ask`: those who can, by name."""
    if finding.weight == "fine" or finding.code not in FIXES:
        return None
    do, action = FIXES[finding.code]
    may = work.may(action, site_id)
    able = [] if may else holders(work, action, site_id)[:ASK_AT_MOST]
    return {"do": do, "may": may, "ask": [person.name for person in able]}
