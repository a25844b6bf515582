"""Own labels 自有标签: rolls printed beforehand. A number is given once, so no two stickers in a site are the same."""

from .catalog import Site
from .errors import Invalid
from .events import OwnLabelsGiven
from .numbers import own_label
from .records import Setting
from .work import Work

MOST = 1_000


def give(work: Work, site_id: str, count: int) -> list[str]:
    """The next `count` labels of this site, its counter locked until the transaction ends."""
    site = work.get(Site, site_id)
    work.allow("print", site.id)
    if not 1 <= count <= MOST:
        raise Invalid(f"A roll has between 1 and {MOST} labels.", field="count")
    counter = work.seek(Setting, f"own_labels:{site.id}") or work.add(Setting, id=f"own_labels:{site.id}", value="")
    first = int(counter.value or BEGIN)
    counter.value = str(first + count)
    labels = [own_label(site.code, number) for number in range(first, first + count)]
    work.record(OwnLabelsGiven(site_id=site.id, first=labels[0], last=labels[-1]), site.id)
    return labels


BEGIN = 1_000_001
"""Below stand the labels of rolls that were made elsewhere."""
