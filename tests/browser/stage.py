"""The cast on a real stage: a data folder where they can sign in, at a desk by password, on a handheld by badge and PIN."""

from pathlib import Path

from server.config import Config
from server.database import Database
from server.domain import catalog, codes, documents
from server.domain.people import Grant, Person, new_badge
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.migrations import migrate
from server.passwords import hash_of
from server.sync.shapes import BY_MODEL
from tests.cast import ROLES, SITE, seed

PASSWORD = "correct horse 9"
PIN = "2580"
WAYBILL = "SF1234567890123"
TOTE = "LSH00000018"
SHELF = "SH-SELLABLE-01"
KETTLE, LAMP, CAMERA = "2000000000015", "2000000000022", "2000000000039"


def build(data: Path) -> dict[str, str]:
    """Fills an empty data folder; returns the texts printed on the badges, and `code`, good for enrolling handhelds."""
    config = Config.from_env({"RESTOW_DATA": str(data)})
    migrate(config)
    database = Database(config.database_url, BY_MODEL)
    texts: dict[str, str] = {}

    def fill(work: Work) -> None:
        seed(work)
        password = hash_of(PASSWORD)
        for name, role in ROLES.items():
            person = work.get(Person, name)
            person.language = "en"
            person.password_hash = password if role != "operator" else ""
            if role in ("operator", "inspector", "supervisor"):
                texts[name], person.badge, person.pin_verifier = new_badge(PIN)
        # Rita may file as well as review: so she can meet the rule that nobody approves what they filed.
        work.add(Grant, id="grant-rita-files", person_id="rita", role="service", site_id=SITE)
        for check, code, name in (("appearance", "SCRATCH", "Scratch"), ("packaging", "TORN", "Torn box")):
            work.add(catalog.DefectCode, id=f"defect-{code}", check=check, code=code, name=name, name_en=name)
        work.add(
            catalog.Customer, id="another", owner_id="owner", code="C2", name="李先生", phone="13900000000"
        )  # nobody's of sales
        customer = work.get(catalog.Customer, "customer")
        customer.sales_person_id = "sally"
        for id, number, days in (("outbound", "OUT-2001", 9),):
            work.add(documents.OutboundOrder, id=id, number=number, site_id=SITE, owner_id="owner", customer_id="customer",
                     shipped_on="2026-11-01", shipped_at=work.now - days * 86_400_000, waybill="SF7700000000001")  # fmt: skip
        for item, quantity, price in (("kettle", 3, 12_900), ("lamp", 2, 7_900)):
            work.add(documents.OutboundLine, id=f"outbound-{item}", outbound_id="outbound", site_id=SITE, item_id=item,
                     quantity=quantity, unit_price=price)  # fmt: skip
        texts["code"] = codes.new_code(work, "enrol", site_id=SITE, uses=9)

    database.write(SYSTEM, fill)
    database.close()
    return texts
