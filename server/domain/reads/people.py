"""People and their rights, without their secrets."""

from collections import defaultdict

from sqlmodel import col

from ..catalog import Site
from ..people import Grant, Person, day_at
from ..work import Work
from .rows import Json, Names, shown


def people(work: Work) -> list[Json]:
    """Everybody, for whoever administers or hands out tasks; others' rights at sites one does not see are left out."""
    work.allow("see_devices")
    sites = work.actor.sites("see_devices")
    grants = defaultdict(list)
    for grant in work.find(Grant, order_by=(col(Grant.role), col(Grant.id))):
        grants[grant.person_id].append(grant)
    names = Names(work)
    names.learn(Site, (grant.site_id for given in grants.values() for grant in given))
    rows = []
    for person in work.find(Person, order_by=col(Person.username)):
        given = [g for g in grants[person.id] if sites is None or not g.site_id or g.site_id in sites]
        if sites is not None and not given and person.id != work.actor.id:
            continue
        rows.append(
            shown(person, "id", "username", "name", "language", "badge", "disabled_at")
            | {
                "has_password": bool(person.password_hash),
                "has_badge": bool(person.pin_verifier),
                "grants": [
                    shown(grant, "id", "role", "site_id", "owner_id", "valid_from", "valid_until", "deputy_for")
                    | {
                        "site": names.site(grant.site_id),
                        "ended": bool(grant.valid_until and grant.valid_until < day_at(work, grant.site_id)),
                    }
                    for grant in given
                ],
            }
        )
    return rows
