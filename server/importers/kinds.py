"""What can be taken in, as a table: the columns of each kind of file, what makes two rows the same, and the command each row is.

A new kind is a function and an entry in KINDS.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from sqlmodel import col

from server.domain import masters, stock_lists
from server.domain.catalog import Barcode, Bin, Customer, Item, Owner, Site, Supplier, Zone
from server.domain.commands import perform
from server.domain.errors import Duplicate
from server.domain.ids import derived_id
from server.domain.model import Table
from server.domain.work import Work

from .fields import Field, Unfit, amount, code, currency, day, flag, minor, one_of, several, text, whole

AT_ONCE = 500


class Row:
    """One row of a file, and what becomes of it."""

    __slots__ = ("became", "field", "line", "reason", "values")

    def __init__(self, line: int, values: dict[str, Any]) -> None:
        self.line, self.values = line, values
        self.became = ""
        self.field = self.reason = ""

    def refuse(self, field: str, reason: str) -> None:
        self.field, self.reason, self.became = field, reason, "refused"


class World:
    """What the rows of one portion speak of, each kind looked up in few queries when it is first asked for."""

    def __init__(self, work: Work, site: Site | None, rows: Iterable[Row], source: str) -> None:
        self.work, self.source = work, source
        self._site = site
        self._said = [row.values for row in rows]
        self._owners = {owner.code: owner.id for owner in work.find(Owner)}
        self._found: dict[tuple[Any, str], dict[tuple[str, str], Any]] = {}

    @property
    def site(self) -> Site:
        assert self._site is not None
        return self._site

    def known(self, model: type[Table], column: str, field: str, owner_id: str, value: str) -> Any:
        """The record with this value in `column`; all that the portion's rows say under `field` are looked up at once."""
        found = self._found.get((model, field))
        if found is None:
            found = self._found[model, field] = {}
            wanted = sorted({values[field] for values in self._said if values.get(field)})
            for start in range(0, len(wanted), AT_ONCE):
                among = col(getattr(model, column)).in_(wanted[start : start + AT_ONCE])
                for record in self.work.find(model, among):
                    found[getattr(record, "owner_id", ""), getattr(record, column)] = record
        return found.get((owner_id, value))

    def owner(self, values: dict[str, Any]) -> str:
        if "owner" in values:
            owner_id = self._owners.get(values["owner"])
            if owner_id is None:
                raise Unfit("owner", "There is no owner with this code.")
            return owner_id
        if len(self._owners) > 1:
            raise Unfit("owner", "There are several owners: say whose this is.")
        return next(iter(self._owners.values()), "")

    def item(self, values: dict[str, Any]) -> Item:
        found: Item | None = self.known(Item, "sku", "sku", self.owner(values), values["sku"])
        if found is None:
            raise Unfit("sku", "There is no item with this code.")
        return found


class Kind(NamedTuple):
    """`put` takes the rows of one group (`together`: those with the same values there; else each row by itself) and returns what
    became of them. `key`: two rows of a file with the same values there are one too many. `sited`: it goes into one site's book."""

    name: str
    fields: tuple[Field, ...]
    put: Callable[[World, Sequence[Row]], str]
    key: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    sited: bool = False


OWNER = Field("owner", "货主编码", "Owner", code(), also=("货主", "ownercode"))
SKU = Field(
    "sku", "商品编码", "SKU", code(), True,
    ("货品编码", "物料编码", "商品代码", "存货编码", "货号", "料号", "sku编码", "商品sku", "itemcode", "item", "itemno", "编码", "code", "stockcode"),
)  # fmt: skip
LOT = Field("lot", "批号", "Lot", code(), also=("批次", "批次号", "lotnumber", "batch"))
EXPIRY = Field(
    "expiry", "有效期", "Expiry", day, also=("有效期至", "到期日", "限用日期", "失效日期", "expirydate", "expires")
)
QUANTITY = Field(
    "quantity", "数量", "Quantity", whole(1, 10**9), True, ("数目", "件数", "qty", "现存量", "库存数量", "出库数量")
)
CURRENCY = Field("currency", "币种", "Currency", currency, also=("货币",))
STATUS_WORDS = {
    "sellable": ("良品", "正品", "可售", "zp"), "quarantine": ("待检",), "defective": ("残次品", "次品", "残次", "cc"),
    "held": ("冻结",), "in_repair": ("维修中",), "scrap_pending": ("待报废",),
}  # fmt: skip
LEVEL_WORDS = {
    "each": ("单品", "件"), "inner": ("中包", "盒"), "case": ("箱", "外箱", "整箱"), "pallet": ("托", "托盘"),
}  # fmt: skip
STATUS = Field("status", "库存状态", "Status", one_of(STATUS_WORDS), also=("状态",))


def _item(world: World, rows: Sequence[Row]) -> str:
    values = dict(rows[0].values)
    owner_id, sku = world.owner(values), values.pop("sku")
    values.pop("owner", None)
    text_ = values.pop("barcode", "")
    known: Item | None = world.known(Item, "sku", "sku", owner_id, sku)
    if "unit_cost" in values:
        spoken = values.get("currency") or (known.currency if known else "CNY")
        values["unit_cost"] = minor("unit_cost", values["unit_cost"], spoken)
    became = masters.put_item(world.work, owner_id, known, sku, values)
    if text_:
        item = known or world.work.first(Item, col(Item.owner_id) == owner_id, col(Item.sku) == sku)
        assert item is not None
        there: Barcode | None = world.known(Barcode, "text", "barcode", owner_id, text_)
        try:
            added = masters.put_barcode(world.work, item, there, text_, {})
        except Duplicate as other:
            raise Unfit("barcode", other.sentence) from None
        became = "changed" if (added, became) == ("new", "same") else became
    return became


def _barcode(world: World, rows: Sequence[Row]) -> str:
    values = dict(rows[0].values)
    item, text_ = world.item(values), values["text"]
    known: Barcode | None = world.known(Barcode, "text", "text", item.owner_id, text_)
    said: dict[str, Any] = {name: values[name] for name in ("quantity", "level") if name in values}
    return masters.put_barcode(world.work, item, known, text_, said)


def _customer(world: World, rows: Sequence[Row]) -> str:
    values = dict(rows[0].values)
    owner_id, code_ = world.owner(values), values.pop("code")
    values.pop("owner", None)
    return masters.put_customer(
        world.work, owner_id, world.known(Customer, "code", "code", owner_id, code_), code_, values
    )


def _supplier(world: World, rows: Sequence[Row]) -> str:
    values = dict(rows[0].values)
    owner_id, code_ = world.owner(values), values.pop("code")
    values.pop("owner", None)
    return masters.put_supplier(
        world.work, owner_id, world.known(Supplier, "code", "code", owner_id, code_), code_, values
    )


def _bin(world: World, rows: Sequence[Row]) -> str:
    values = dict(rows[0].values)
    code_, said = values.pop("code"), values.pop("zone", "")
    zone = None
    if said:
        zones = world.work.all(Zone, site_id=world.site.id)
        zone = next((each for each in zones if said in (each.code, each.name, each.name_en, each.kind)), None)
        if zone is None:
            raise Unfit("zone", "This site has no such zone.")
    known = next((bin for bin in world.work.all(Bin, code=code_) if bin.site_id == world.site.id), None)
    return masters.put_bin(world.work, world.site.id, known, code_, zone, values)


def _opening(world: World, rows: Sequence[Row]) -> str:
    row = rows[0]
    values = dict(row.values)
    item = world.item(values)
    del values["sku"]
    values.pop("owner", None)
    place = values.pop("bin", "")
    if place:
        bin = next((each for each in world.work.all(Bin, code=place) if each.site_id == world.site.id), None)
        if bin is None:
            raise Unfit("bin", "This site has no bin with this code.")
        values["bin_id"] = bin.id
    if "unit_cost" in values:
        values["unit_cost"] = minor("unit_cost", values["unit_cost"], item.currency)
    values.setdefault("status", "sellable")
    # Without a number of its own, a row is known by where the goods stand and what tells them apart.
    external = values.pop("external_id", "") or derived_id(
        "opening", item.id, values["status"], place, *(values.get(name, "") for name in ("lot", "expiry", "serial"))
    )
    return _carried_out(
        world, "open_stock", external,
        values | {"site_id": world.site.id, "item_id": item.id, "external_id": external, "source": world.source},
    )  # fmt: skip


def _outbound(world: World, rows: Sequence[Row]) -> str:
    """One outbound order: its rows agree on what is said of the order, and each is a line."""
    first = rows[0].values
    for row in rows[1:]:
        for name in ("customer", "shipped_on", "platform_number", "waybill", "currency"):
            if row.values.get(name, first.get(name)) != first.get(name):
                row.refuse(name, "The rows of one order say different things here.")
                return "refused"
    site, owner_id = world.site, world.owner(first)
    order: dict[str, Any] = {
        "site_id": site.id,
        "owner_id": owner_id,
        "number": first["number"],
        "source": world.source,
    }
    order |= {name: first[name] for name in ("shipped_on", "platform_number", "waybill", "currency") if name in first}
    if "customer" in first:
        customer = world.known(Customer, "code", "customer", owner_id, first["customer"])
        if customer is None:
            raise Unfit("customer", "There is no customer with this code.")
        order["customer_id"] = customer.id
    lines = []
    for number, row in enumerate(rows, 1):
        values = row.values
        try:
            item = world.item(values)
            price = minor("unit_price", values.get("unit_price", Decimal()), order.get("currency") or site.currency)
        except Unfit as unfit:
            row.refuse(unfit.field, unfit.sentence)
            return "refused"
        said = {name: values[name] for name in ("quantity", "lot", "expiry", "spec", "serials") if name in values}
        lines.append(said | {"line_number": values.get("line_number", number), "item_id": item.id, "unit_price": price})
    return _carried_out(world, "record_shipment", first["number"], order | {"lines": lines})


def _stock_list(world: World, rows: Sequence[Row]) -> str:
    """All rows of a file are one list: what another system says it has at the site, as of the end of a day or now."""
    site, listed = world.site, []
    for row in rows:
        values = row.values
        try:
            item = _listed_item(world, values)
            place = world.known(Bin, "code", "bin", "", values["bin"]) if "bin" in values else None
            if "bin" in values and (place is None or place.site_id != site.id):
                raise Unfit("bin", "This site has no bin with this code.")
        except Unfit as unfit:
            row.refuse(unfit.field, unfit.sentence)
            continue
        said = {name: values[name] for name in ("quantity", "lot", "status", "serial") if name in values}
        listed.append(stock_lists.ListedRow(item_id=item.id, bin_id=place.id if place else "", **said))
    if any(row.became == "refused" for row in rows):
        return "new"
    as_of = stock_lists.end_of(world.work, site, rows[0].values.get("as_of", ""))
    columns = {name for row in rows for name in row.values}
    told_apart = [
        name
        for name, column in (("lot", "lot"), ("status", "status"), ("bin_id", "bin"), ("serial", "serial"))
        if column in columns
    ]
    content = msgspec.json.encode([listed, rows[0].values.get("as_of", "")]).decode()
    return "same" if stock_lists.list_stock(world.work, stock_lists.ListStock(
        list_id=derived_id("stock list", site.id, content), site_id=site.id, source=world.source, rows=listed, as_of=as_of,
        dimensions=told_apart,
    )) is None else "new"  # fmt: skip


def _listed_item(world: World, values: dict[str, Any]) -> Item:
    if "sku" in values:
        return world.item(values)
    if "barcode" not in values:
        raise Unfit("sku", "Say which item: its code or its barcode.")
    found = world.known(Barcode, "text", "barcode", world.owner(values), values["barcode"])
    item = world.work.look(Item, found.item_id) if found else None
    if item is None:
        raise Unfit("barcode", "There is no item with this barcode.")
    return item


def _carried_out(world: World, name: str, said: str, args: dict[str, Any]) -> str:
    """A command of its own, kept as a mutation: what it posts leads back to this file. Its id is made of what it says."""
    cause = derived_id("import", name, world.site.id, said, msgspec.json.encode(args).decode())
    return (
        "same" if perform(world.work, name, args, mutation_id=cause, site_id=world.site.id).status == "noop" else "new"
    )


FIELD_OF = {"item_id": "sku", "bin_id": "bin", "customer_id": "customer", "owner_id": "owner"}
"""A command's field → the column that says it."""

COST = Field("unit_cost", "单位成本", "Unit cost", amount, also=("成本", "成本价", "成本单价", "cost"))

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "items",
            (
                SKU,
                Field("name", "商品名称", "Name", text(), also=("名称", "品名", "货品名称", "物料名称", "存货名称", "description", "itemname")),
                Field("name_en", "英文名称", "English name", text(), also=("英文名",)),
                Field("spec", "规格", "Spec", text(), also=("规格型号", "型号", "specification")),
                Field("uom", "单位", "Unit", text(20), also=("计量单位", "uom")),
                Field("barcode", "条码", "Barcode", code(), also=("商品条码", "国际条码", "ean", "ean13", "upc", "gtin")),
                COST,
                CURRENCY,
                Field("lot_tracked", "批次管理", "Lots", flag, also=("批号管理", "lottracked")),
                Field("serial_tracked", "序列号管理", "Serials", flag, also=("serialtracked",)),
                Field("expiry_tracked", "效期管理", "Expiry dates", flag, also=("有效期管理", "保质期管理", "expirytracked")),
                Field("shelf_life_days", "保质期天数", "Shelf life in days", whole(0, 36_500), also=("保质期", "shelflife")),
                Field("min_days_to_sell", "可售最少天数", "Least days to sell", whole(0, 36_500)),
                Field("hazard", "危险品", "Hazard", flag),
                Field("active", "启用", "Active", flag),
                OWNER,
            ),
            _item, key=("owner", "sku"),
        ),
        Kind(
            "barcodes",
            (
                Field("text", "条码", "Barcode", code(), True, ("商品条码", "国际条码", "箱码", "ean", "ean13", "upc", "gtin")),
                SKU,
                Field("quantity", "每包数量", "Units in it", whole(1, 10**6), also=("装箱数", "箱规", "数量", "quantity", "packqty")),
                Field("level", "包装层级", "Level", one_of(LEVEL_WORDS), also=("层级", "包装")),
                OWNER,
            ),
            _barcode, key=("owner", "text"),
        ),
        Kind(
            "customers",
            (
                Field("code", "客户编码", "Customer code", code(), True, ("客户代码", "编码", "customer", "customerid", "code")),
                Field("name", "客户名称", "Name", text(), also=("名称", "客户", "姓名", "customername")),
                Field("phone", "电话", "Phone", text(40), also=("手机", "手机号", "联系电话", "tel", "mobile")),
                Field("address", "地址", "Address", text(400), also=("收货地址", "联系地址")),
                Field("country", "国家", "Country", text(60)),
                Field("sales", "销售登录名", "Sales sign-in", code(), also=("销售", "业务员")),
                OWNER,
            ),
            _customer, key=("owner", "code"),
        ),
        Kind(
            "suppliers",
            (
                Field("code", "供应商编码", "Supplier code", code(), True, ("供应商代码", "编码", "supplier", "vendor", "code")),
                Field("name", "供应商名称", "Name", text(), also=("名称", "供应商", "suppliername", "vendorname")),
                OWNER,
            ),
            _supplier, key=("owner", "code"),
        ),
        Kind(
            "bins",
            (
                Field("code", "库位编码", "Bin", code(40), True, ("库位", "库位号", "货位", "货位编码", "location", "code", "编码")),
                Field("zone", "库区", "Zone", text(60), also=("库区编码", "区域", "zonecode")),
                Field("capacity", "容量", "Capacity", whole(0, 10**6)),
                Field("holds", "容量单位", "Capacity counts", one_of({"units": ("件",), "containers": ("容器", "箱")})),
                Field("active", "启用", "Active", flag),
            ),
            _bin, key=("code",), sited=True,
        ),
        Kind(
            "outbound",
            (
                Field("number", "出库单号", "Outbound order", code(), True, ("单号", "出库单", "发货单号", "订单号", "ordernumber", "order", "invoice")),
                Field("shipped_on", "出库日期", "Shipped on", day, True, ("发货日期", "日期", "出库时间", "发货时间", "shipdate", "date")),
                Field("customer", "客户编码", "Customer code", code(), also=("客户代码", "客户", "customer", "customerid")),
                Field("platform_number", "平台订单号", "Platform order", code(), also=("平台单号", "网店订单号", "平台订单")),
                Field("waybill", "运单号", "Waybill", code(), also=("快递单号", "物流单号", "tracking", "trackingnumber")),
                Field("line_number", "行号", "Line", whole(1, 10**6), also=("明细行号", "序号", "lineno")),
                SKU,
                QUANTITY,
                Field("unit_price", "单价", "Unit price", amount, also=("销售单价", "price", "unitprice")),
                CURRENCY,
                LOT,
                EXPIRY,
                Field("spec", "规格", "Spec", text(), also=("规格型号",)),
                Field("serials", "序列号", "Serials", several(), also=("sn", "imei", "serialnumbers")),
                OWNER,
            ),
            _outbound, together=("owner", "number"), sited=True,
        ),
        Kind(
            "stock",
            (
                SKU,
                QUANTITY,
                Field("counted_on", "账簿起始日", "Counted on", day, True, ("盘点日期", "期初日期", "日期", "date")),
                Field("bin", "库位", "Bin", code(40), also=("库位编码", "货位", "location")),
                STATUS,
                LOT,
                EXPIRY,
                Field("produced", "生产日期", "Produced on", day, also=("生产日", "produced", "productiondate")),
                Field("serial", "序列号", "Serial", code(), also=("sn", "imei", "serialnumber")),
                COST,
                Field("external_id", "行标识", "Row number", code(), also=("外部编号", "id", "externalid")),
                OWNER,
            ),
            _opening, key=("owner", "external_id", "sku", "status", "bin", "lot", "expiry", "produced", "serial"), sited=True,
        ),
        Kind(
            "stock_list",
            (
                SKU._replace(required=False),
                Field("barcode", "条码", "Barcode", code(), also=("商品条码", "国际条码", "ean", "ean13", "upc", "gtin")),
                QUANTITY._replace(read=whole(0, 10**9)),
                STATUS,
                Field("bin", "库位", "Bin", code(40), also=("库位编码", "货位", "location")),
                LOT,
                Field("serial", "序列号", "Serial", code(), also=("sn", "imei", "serialnumber")),
                Field("as_of", "库存日期", "As of", day, also=("日期", "截止日期", "盘点日期", "date", "asof")),
                OWNER,
            ),
            _stock_list, key=("owner", "sku", "barcode", "status", "bin", "lot", "serial"), together=("as_of",), sited=True,
        ),
    )
}  # fmt: skip
