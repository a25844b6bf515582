"""Who may do what. One table; asked by every command through `Work.allow`, whichever door was used."""

from dataclasses import dataclass, field, replace

FLOOR = ("operator", "inspector", "supervisor")
FILING = ("sales", "service", "supervisor", "office", "reviewer")
EVERYONE = ("operator", "inspector", "reviewer", "supervisor", "sales", "service", "finance", "office", "admin")

PERMISSIONS: dict[str, tuple[str, ...]] = {
    "sign_for": FLOOR,
    "receive": FLOOR,
    "inspect": ("inspector", "supervisor"),
    "dispose": ("inspector", "supervisor"),
    "decide_disposition": ("supervisor",),
    "scrap_above_limit": ("supervisor",),
    "send_away": ("supervisor", "office"),
    "put_away": FLOOR,
    "complete": FLOOR,
    "count": FLOOR,
    "answer_task": FLOOR,
    "message_devices": ("supervisor", "admin"),
    "raise_task": ("supervisor",),
    "settle_short": ("supervisor",),
    "map_barcode": ("supervisor", "office", "operator", "inspector"),
    "file": FILING,
    "review": ("reviewer",),
    "amend": FILING,
    "correspond": (*FILING, "finance"),
    "cancel": FILING,
    "hold": ("supervisor", "reviewer"),
    "claim_parcel": ("supervisor", "office", "sales", "service"),
    "settle_unclaimed": ("supervisor", "office"),
    "resolve": ("supervisor",),
    "tune_rules": ("supervisor", "admin"),
    "handle_alert": ("supervisor", "office"),
    "reconcile": ("supervisor", "office"),
    "handle_difference": ("supervisor", "office"),
    "open_loss": ("supervisor", "office"),
    "decide_loss": ("supervisor", "finance"),
    "see": EVERYONE,
    "see_desk": ("reviewer", "supervisor", "sales", "service", "finance", "office", "admin"),
    "see_stock": ("supervisor", "office", "finance", "reviewer", "operator", "inspector", "admin"),
    "see_availability": ("supervisor", "office", "finance", "reviewer", "admin", "sales", "service"),
    "see_value": ("supervisor", "office", "finance", "admin"),
    "report_number": ("supervisor", "office", "finance", "reviewer", "admin", "sales", "service"),
    "hold_lot": ("supervisor", "office"),
    "acknowledge_hand_over": ("supervisor", "office"),
    "add_photos": ("supervisor", "office", "admin"),
    "set_standard": ("supervisor", "office", "admin"),
    "set_cost": ("finance", "office", "admin"),
    "see_devices": ("supervisor", "admin"),
    "see_personal": ("service", "supervisor", "sales"),
    "carry_work": (*FLOOR, "office", "admin"),
    "import": ("office", "admin"),
    "print": ("supervisor", "office", "admin"),
    "export": ("reviewer", "supervisor", "sales", "service", "finance", "office", "admin"),
    "admin": ("admin",),
    "enrol_devices": ("supervisor", "admin"),
}


@dataclass(frozen=True)
class Right:
    """One grant as it stands today. `past` is one that ended or whose person was disabled: it explains, it allows nothing."""

    role: str
    site_id: str = ""
    owner_id: str = ""
    past: bool = False

    def covers(self, site_id: str, owner_id: str) -> bool:
        return (not self.site_id or not site_id or self.site_id == site_id) and (
            not self.owner_id or not owner_id or self.owner_id == owner_id
        )


@dataclass(frozen=True)
class Actor:
    """Who acts, read from the database for each request."""

    id: str
    name: str = ""
    rights: tuple[Right, ...] = field(default=())
    system: bool = False

    def may(self, action: str, site_id: str = "", owner_id: str = "", *, past: bool = False) -> bool:
        roles = PERMISSIONS[action]
        return self.system or any(
            right.role in roles and right.past == past and right.covers(site_id, owner_id) for right in self.rights
        )

    def at(self, site_id: str) -> "Actor":
        """This person as far as they act at one site."""
        here = tuple(replace(right, site_id=site_id) for right in self.rights if right.covers(site_id, ""))
        return replace(self, rights=here)

    def sites(self, action: str = "see") -> set[str] | None:
        """The sites this person may do that at; None is every site."""
        if self.system:
            return None
        found = {right.site_id for right in self.rights if right.role in PERMISSIONS[action] and not right.past}
        return None if "" in found else found

    @property
    def roles(self) -> set[str]:
        return {right.role for right in self.rights if not right.past}


SYSTEM = Actor(id="system", name="Restow", system=True)
NOBODY = Actor(id="")
