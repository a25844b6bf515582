"""Who is signed in."""

from sqlmodel import col

from ..catalog import Site
from ..people import Person
from ..work import Work
from .rows import Json, plain, shown, visible


def session(work: Work) -> Json:
    person = work.get(Person, work.actor.id)
    return {
        "person": shown(person, "id", "name", "username", "language")
        | {
            "roles": [
                {"role": right.role, "site_id": right.site_id, "owner_id": right.owner_id}
                for right in work.actor.rights
                if not right.past
            ]
        },
        "sites": sites(work),
    }


def sites(work: Work) -> list[Json]:
    seen = visible(work.actor, "see", Site.id)
    return [plain(site) for site in work.find(Site, seen, order_by=col(Site.code))]
