// Written by server/sync/typescript.py from the structs of the server. Do not edit.

export const PROTOCOL = 1
export const APP_SCHEMA = 1
export const MAX_MUTATIONS = 500
export const MAX_BODY = 8388608
export const MAX_MUTATION = 65536
export type Status = 'applied' | 'merged' | 'noop' | 'conflict' | 'held' | 'rejected' | 'deferred'
export type ReturnStatus = 'draft' | 'submitted' | 'rejected' | 'approved' | 'receiving' | 'inspecting' | 'disposing' | 'completed' | 'on_hold' | 'cancelled'
export type ReturnOrigin = 'filed' | 'without_order' | 'unclaimed' | 'imported'
export type ParcelState = 'signed' | 'opened' | 'done' | 'unclaimed' | 'claimed' | 'refused'
export type DispositionState = 'proposed' | 'decided' | 'posted' | 'void'
export type ContainerKind = 'tote' | 'pallet' | 'sticker'
export type ConflictState = 'open' | 'assigned' | 'resolved' | 'dismissed' | 'auto_resolved'
export type StockStatus = 'quarantine' | 'sellable' | 'defective' | 'held' | 'in_repair' | 'scrap_pending' | 'vendor_pending' | 'customer_pending' | 'lost' | 'in_transit' | 'out' | 'scrapped' | 'vendor_shipped' | 'customer_shipped' | 'shipped_exchange' | 'handed_over' | 'count_difference' | 'written_off'
export type ZoneKind = 'dock' | 'quarantine' | 'unclaimed' | 'exception' | 'sellable' | 'defective' | 'repair' | 'scrap' | 'vendor' | 'hazard'
export type DispositionKind = 'restock' | 'repair' | 'scrap' | 'exchange' | 'return_to_vendor' | 'return_to_customer'
export type Verdict = 'pass' | 'conditional' | 'fail'
export type Grade = 'A' | 'B' | 'C' | 'D'
export type Check = 'appearance' | 'function' | 'accessories' | 'packaging'
export type Finding = 'pass' | 'fail' | 'na'
export type PhotoKind = 'label' | 'outer' | 'defect' | 'whole'
export type TaskKind = 'look' | 'recount' | 'reinspect' | 'retake' | 'refuse'
export type TaskState = 'open' | 'done' | 'withdrawn'
export type TaskOutcome = 'done' | 'not_found' | 'not_possible'
export type Level = 'each' | 'inner' | 'case' | 'pallet'

export interface Accessory { code: string; name: string; name_en: string }
export interface Step {
  code: string; check: Check; kind: 'tick' | 'choice' | 'number' | 'photo'; name: string; name_en: string
  choices?: string[]; minimum?: number; maximum?: number; required?: boolean
}
export interface ReferencePicture { sha256: string; kind: 'right' | 'wrong'; name: string; name_en: string }
export interface Policy {
  required_documents: string[]; required_checks: Check[]; default_disposition: DispositionKind | ''
  allowed_dispositions: DispositionKind[]; scrap_limit: number; auto_approve_limit: number
}

export interface CheckResult {
  check: 'appearance' | 'function' | 'accessories' | 'packaging'
  outcome: 'pass' | 'fail' | 'na'
  severity?: '' | 'minor' | 'major' | 'critical'
  defects?: string[]
  note?: string
}

/** As a mutation names it; its bytes come on their own. */
export interface Photo {
  sha256: string
  kind?: 'label' | 'outer' | 'defect' | 'whole'
}

// The wire

/** One thing a person did. `args` is validated per mutation, so that a malformed one is rejected alone. */
export interface MutationIn {
  seq: number
  id: string
  name: string
  by: string
  site: string
  schema?: number
  epoch?: string
  base?: number
  args: Record<string, unknown>
  made_at: number
}

/** Numbers this device gave out and no longer has. Advances its counter and raises an alert. */
export interface Lost {
  first: number
  last: number
}

/** What the device says of itself, shown on the fleet page. */
export interface DeviceState {
  pending?: number
  pending_photos?: number
  oldest_pending_at?: number
  app_version?: string
  clock?: number
  storage?: Record<string, unknown>
  pack_at?: number
  battery?: number
}

export interface PushRequest {
  protocol: number
  epoch: string
  device: string
  app_schema: number
  mutations: MutationIn[]
  lost?: Lost | null
  state?: DeviceState | null
}

export interface Result {
  seq: number
  id: string
  status: 'applied' | 'merged' | 'noop' | 'conflict' | 'held' | 'rejected' | 'deferred'
  dup?: boolean
  revision?: number
  conflict?: string
  code?: string
  detail?: string
  retry_after?: number
}

export interface PushResponse {
  epoch: string
  device_last_seq: number
  heads: Record<string, number>
  server_time: number
  results: Result[]
}

/** One row of a feed. op: put (value is the whole document) | drop (it left the feed) | gone (reserved). */
export interface ChangeOut {
  kind: string
  key: string
  op?: 'put' | 'drop' | 'gone'
  value?: unknown
}

/** One page of a feed. `more`: ask again with `cursor`. `reset`: the cursor is not known here; load beside and swap whole. */
export interface PullResponse {
  epoch: string
  feed: string
  cursor: string
  revision: number
  more: boolean
  reset: boolean
  device_last_seq: number
  changes: ChangeOut[]
}

/** Columns of one table: the n-th waybill left with the order of the n-th number, on the n-th day since 1970-01-01. */
export interface OutboundWaybills {
  waybill: string[]
  number: string[]
  day: number[]
}

/** The same for parcels that came back: the carrier's code ('' unknown) and the day they were signed for. */
export interface ParcelWaybills {
  waybill: string[]
  carrier: string[]
  day: number[]
}

/** One page of a site's waybills. The same number again replaces what came before; days before `since` may be forgotten. */
export interface WaybillPage {
  epoch: string
  cursor: string
  revision: number
  more: boolean
  reset: boolean
  since: number
  outbound: OutboundWaybills
  parcels: ParcelWaybills
}

/** Server-sent event `poke`: these feeds have moved to these revisions. */
export interface Poke {
  heads: Record<string, number>
}

// The documents of the feeds

export interface Owner {
  id: string
  code: string
  name: string
}

export interface Site {
  id: string
  code: string
  name: string
  name_en: string
  time_zone: string
  book: 'own' | 'hand_over'
  book_from: string
  currency: string
  unclaimed_days: number
  unclaimed_rule: string
  inspection_hours: number
  review_hours: number
  device_silent_hours: number
}

export interface Zone {
  id: string
  site_id: string
  code: string
  name: string
  name_en: string
  kind: ZoneKind
}

export interface Bin {
  id: string
  site_id: string
  zone_id: string
  code: string
  kind: ZoneKind
  active: boolean
  capacity: number
  holds: string
}

export interface LotHold {
  id: string
  item_id: string
  lot: string
  reason: string
  at: number
}

export interface Standard {
  id: string
  text: string
  text_en: string
  pictures: ReferencePicture[]
  at: number
}

export interface Item {
  id: string
  owner_id: string
  sku: string
  name: string
  name_en: string
  spec: string
  uom: string
  lot_tracked: boolean
  serial_tracked: boolean
  binds_lot: boolean
  expiry_tracked: boolean
  shelf_life_days: number
  min_days_to_sell: number
  min_days_to_accept: number
  accessories: Accessory[]
  steps: Step[]
  hazard: boolean
  active: boolean
}

export interface Barcode {
  id: string
  item_id: string
  owner_id: string
  text: string
  quantity: number
  level: Level
}

export interface Customer {
  id: string
  owner_id: string
  code: string
  name: string
}

export interface Supplier {
  id: string
  owner_id: string
  code: string
  name: string
}

export interface ReturnType {
  id: string
  code: string
  name: string
  name_en: string
  policy: Policy
  active: boolean
}

export interface ReturnReason {
  id: string
  type_code: string
  code: string
  name: string
  name_en: string
  active: boolean
}

export interface DefectCode {
  id: string
  check: Check
  code: string
  name: string
  name_en: string
}

export interface Carrier {
  id: string
  code: string
  name: string
  prefixes: string[]
}

export interface Person {
  id: string
  username: string
  name: string
  language: string
  badge: string
  pin_verifier: string
  disabled_at: number
}

export interface Grant {
  id: string
  person_id: string
  role: string
  site_id: string
  owner_id: string
  valid_from: string
  valid_until: string
}

export interface Parcel {
  id: string
  site_id: string
  carrier: string
  waybill: string
  state: ParcelState
  load_id: string
  door_id: string
  signed_by: string
  signed_at: number
  signed_count: number
  opened_at: number
  unclaimed_at: number
  order_ids: string[]
  claimed_by: string
  refused_reason: string
  damage: string
  photos: Photo[]
  note: string
}

export interface Load {
  id: string
  site_id: string
  carrier: string
  counted: number
  listed: number
  closed_at: number
  closed_by: string
}

export interface Container {
  id: string
  site_id: string
  label: string
  kind: ContainerKind
  bin_id: string
  outcome: string
  created_by: string
  created_at: number
}

export interface ReturnOrder {
  id: string
  number: string
  site_id: string
  owner_id: string
  customer_id: string
  status: ReturnStatus
  type_code: string
  reason_code: string
  note: string
  origin: ReturnOrigin
  authorised: boolean
  revision: number
  content: number
  filed_by: string
  submitted_by: string
  reviewed_at: number
  rejection: string
  claimed_by: string
  created_at: number
  completed_at: number
  held_status: ReturnStatus | ''
  stub: boolean
}

export interface ReturnLine {
  id: string
  order_id: string
  site_id: string
  item_id: string
  text: string
  outbound_line_id: string
  expected: number
  received: number
  inspected: number
  disposed: number
  closed: number
  short: number
  lost: number
  refused: number
  lot: string
  serials: string[]
  note: string
  removed: boolean
  stub: boolean
}

export interface Receipt {
  id: string
  site_id: string
  order_id: string
  line_id: string
  parcel_id: string
  container_id: string
  bin_id: string
  item_id: string
  quantity: number
  unreceived: number
  lot: string
  expiry: string
  serial: string
  text: string
  symbology: string
  catalogue_revision: number
  customer_id: string
  device_id: string
  by: string
  made_at: number
  at: number
}

export interface Inspection {
  id: string
  site_id: string
  order_id: string
  line_id: string
  item_id: string
  quantity: number
  sampled: number
  tranche: number
  serial: string
  lot: string
  container_id: string
  verdict: Verdict
  grade: Grade
  checks: CheckResult[]
  photos: Photo[]
  steps: { code: string; value: string }[]
  note: string
  supersedes: string
  superseded_by: string
  device_id: string
  by: string
  made_at: number
  at: number
}

export interface Disposition {
  id: string
  site_id: string
  order_id: string
  line_id: string
  inspection_id: string
  item_id: string
  quantity: number
  posted: number
  kind: DispositionKind
  state: DispositionState
  reason: string
  lot: string
  expiry: string
  serial: string
  container_id: string
  bin_id: string
  put_away: number
  sent: number
  replacement: string
  device_id: string
  by: string
  decided_by: string
  made_at: number
  at: number
}

export interface OutboundOrder {
  id: string
  number: string
  site_id: string
  owner_id: string
  customer_id: string
  platform_number: string
  waybill: string
  shipped_on: string
}

export interface OutboundLine {
  id: string
  outbound_id: string
  site_id: string
  item_id: string
  line_number: number
  quantity: number
  returned: number
  claimed: number
  lot: string
  serials: string[]
}

export interface OutboundClaim {
  id: string
  site_id: string
  outbound_line_id: string
  order_id: string
  line_id: string
  device_id: string
  quantity: number
  open: number
  expires_at: number
  by: string
  at: number
}

export interface StockBalance {
  id: string
  site_id: string
  owner_id: string
  item_id: string
  status: StockStatus
  bin_id: string
  container_id: string
  lot: string
  expiry: string
  serial: string
  quantity: number
}

export interface DeviceMessage {
  id: string
  site_id: string
  device_id: string
  text: string
  by: string
  at: number
  read_by: string
  read_at: number
}

export interface Task {
  id: string
  site_id: string
  kind: TaskKind
  question: string
  order_id: string
  line_id: string
  item_id: string
  bin_id: string
  container_id: string
  serial: string
  subject_kind: string
  subject_id: string
  conflict_id: string
  alert_id: string
  assignee: string
  state: TaskState
  raised_by: string
  raised_at: number
  due_at: number
  answers: number
  answered_by: string
  answered_at: number
  outcome: TaskOutcome | ''
  answer: string
  photos: Photo[]
  found: number
  withdrawn_by: string
  withdrawn_why: string
  closed_at: number
}

export interface Conflict {
  id: string
  rule: string
  site_id: string
  order_id: string
  subject_kind: string
  subject_id: string
  field: string
  blocking: boolean
  state: ConflictState
  mutation_id: string
  device_id: string
  opened_at: number
  resolved_by: string
  resolved_at: number
  resolution: string
  resolution_note: string
}

export interface Reply {
  id: string
  site_id: string
  order_id: string
  conflict_id: string
  text: string
  photos: Photo[]
  device_id: string
  by: string
  made_at: number
  at: number
}

export interface Documents {
  owner: Owner
  site: Site
  zone: Zone
  bin: Bin
  lot_hold: LotHold
  standard: Standard
  item: Item
  barcode: Barcode
  customer: Customer
  supplier: Supplier
  return_type: ReturnType
  return_reason: ReturnReason
  defect_code: DefectCode
  carrier: Carrier
  person: Person
  grant: Grant
  parcel: Parcel
  load: Load
  container: Container
  return_order: ReturnOrder
  return_line: ReturnLine
  receipt: Receipt
  inspection: Inspection
  disposition: Disposition
  outbound_order: OutboundOrder
  outbound_line: OutboundLine
  outbound_claim: OutboundClaim
  stock_balance: StockBalance
  device_message: DeviceMessage
  task: Task
  conflict: Conflict
  reply: Reply
}
export type Kind = keyof Documents

// The commands, each with what it is told

export interface SignParcel {
  parcel_id: string
  site_id: string
  waybill: string
  carrier?: string
  load_id?: string
  door_id?: string
}

export interface RefuseParcel {
  parcel_id: string
  reason: string
}

export interface NoteDamage {
  parcel_id: string
  damage: string
  photos?: Record<string, string>[]
}

export interface CloseLoad {
  load_id: string
  site_id: string
  carrier: string
  counted: number
  listed?: number
}

export interface OpenParcel {
  parcel_id: string
}

/** The parcel brings goods of this order; two orders in one parcel are two bindings. */
export interface BindParcel {
  parcel_id: string
  order_id: string
}

/** Everything in it was scanned, or it was empty, which needs a photo. `unclaimed`: nobody knows whose it is. */
export interface CloseParcel {
  parcel_id: string
  empty?: boolean
  unclaimed?: boolean
  photos?: Record<string, string>[]
}

/** 认领: this parcel's goods belong to this order (an approved one, or a new one of this customer). */
export interface ClaimParcel {
  parcel_id: string
  order_id?: string
  customer_id?: string
}

/** Nobody claimed it in the time its site gives: what its rule says becomes of the goods, or, where it asks, what somebody says. */
export interface SettleUnclaimed {
  parcel_id: string
  how: 'keep' | 'send_back'
  note?: string
}

/** A label is scanned for the first time and becomes a container. */
export interface UseContainer {
  container_id: string
  site_id: string
  label: string
  kind?: string
  bin_id?: string
  outcome?: string
}

/** The container, with all it holds, now stands in this bin. Also how a whole tote is put away. */
export interface MoveContainer {
  container_id: string
  bin_id: string
}

/** 无单收货: goods are here and no order is known. Receiving starts at once; approval comes later. */
export interface OpenReturnWithoutOrder {
  order_id: string
  number: string
  site_id: string
  parcel_id?: string
  customer_id?: string
  type_code?: string
  note?: string
}

/** `line_id` of a line nobody planned is derived from order and item (see `line_of`). */
export interface ScanItem {
  receipt_id: string
  order_id: string
  line_id: string
  site_id: string
  parcel_id?: string
  item_id?: string
  quantity?: number
  lot?: string
  expiry?: string
  serial?: string
  text?: string
  symbology?: string
  catalogue_revision?: number
  container_id?: string
  bin_id?: string
}

/** Undo of a scan, or a correction before completion: a compensating fact, never an erasure. */
export interface Unreceive {
  receipt_id: string
  quantity: number
  reason?: string
}

/** An unknown code is this item (from now on, and for every line like it). */
export interface MapBarcode {
  barcode_id: string
  text: string
  item_id: string
  quantity?: number
}

/** `sampled`: so many of `quantity` were looked at, and their verdict decides for all of them. 0: every unit was looked at. */
export interface Inspect {
  inspection_id: string
  line_id: string
  site_id: string
  quantity: number
  verdict: 'pass' | 'conditional' | 'fail'
  grade: 'A' | 'B' | 'C' | 'D'
  checks: CheckResult[]
  serial?: string
  lot?: string
  container_id?: string
  steps?: Record<string, string>[]
  note?: string
  photos?: Photo[]
  supersedes?: string
  sampled?: number
}

export interface Dispose {
  disposition_id: string
  line_id: string
  site_id: string
  quantity: number
  kind: 'restock' | 'repair' | 'scrap' | 'exchange' | 'return_to_vendor' | 'return_to_customer'
  inspection_id?: string
  reason?: string
  lot?: string
  expiry?: string
  serial?: string
  container_id?: string
  to_container_id?: string
}

/** A proposed disposition is confirmed, or replaced by another kind, by somebody with the right. */
export interface DecideDisposition {
  disposition_id: string
  kind: 'restock' | 'repair' | 'scrap' | 'exchange' | 'return_to_vendor' | 'return_to_customer'
  reason?: string
}

/** Units of a line, by hand, into a bin. Whole containers go by MoveContainer. */
export interface PutAway {
  line_id: string
  site_id: string
  quantity: number
  bin_id: string
  container_id?: string
  lot?: string
  expiry?: string
  serial?: string
}

/** `counted_on`: the day at whose start the goods stood there; one day for a site. `expiry`, or `produced` with the item's shelf */
export interface OpenStock {
  site_id: string
  external_id: string
  item_id: string
  quantity: number
  counted_on: string
  status?: string
  bin_id?: string
  container_id?: string
  lot?: string
  expiry?: string
  produced?: string
  serial?: string
  unit_cost?: number | null
  source?: string
}

/** `line_number`: as the other system numbers it; it names the line for good. */
export interface ShippedLine {
  line_number: number
  item_id: string
  quantity: number
  unit_price?: number
  lot?: string
  expiry?: string
  spec?: string
  serials?: string[]
}

/** An outbound order as it left. `external_id`: its number in the other system, where that is not `number`. */
export interface RecordShipment {
  site_id: string
  number: string
  lines: ShippedLine[]
  shipped_on: string
  external_id?: string
  owner_id?: string
  customer_id?: string
  platform_number?: string
  waybill?: string
  shipped_at?: number
  currency?: string
  source?: string
}

/** The other system has them in its book. `reference`: its receipt's number. Those acknowledged already are nothing. */
export interface AcknowledgeHandOvers {
  hand_over_ids: string[]
  reference?: string
}

export interface HoldLot {
  item_id: string
  lot: string
  reason: string
}

export interface ReleaseLot {
  hold_id: string
  reason: string
}

/** `figure`: which number of which page; `shown`: as it stood there; `asked`: the page's filters as its address has them, with */
export interface ReportNumber {
  report_id: string
  site_id: string
  figure: string
  shown: number
  asked?: Record<string, string>
  note?: string
}

/** `start`: the day it is so from; not given, today. Minor units; the currency is the item's, and stays once goods are in the book. */
export interface SetUnitCost {
  item_id: string
  unit_cost: number
  start?: string
  currency?: string
}

/** reference: the scrap record, the shipment's waybill, the replacement's outbound number. */
export interface SendAway {
  disposition_id: string
  quantity: number
  reference?: string
}

/** `book`: what the handheld's book had of just these, in this bin, whatever their status. */
export interface CountedLine {
  counted: number
  book?: number
  item_id?: string
  text?: string
  symbology?: string
  lot?: string
  expiry?: string
  serial?: string
  container_id?: string
}

/** `revision`: of the site's feed, as it was shown when the book was read; the handheld's own work up to now is in it too. */
export interface CountBin {
  count_id: string
  site_id: string
  bin_id: string
  lines: CountedLine[]
  revision: number
  finished?: boolean
  containers?: string[]
  missing?: string[]
  task_id?: string
}

export interface ReadMessage {
  message_id: string
  site_id: string
}

/** `found`: how many units were counted, where that was asked; -1: it was not. */
export interface AnswerTask {
  answer_id: string
  task_id: string
  site_id: string
  outcome?: 'done' | 'not_found' | 'not_possible'
  note?: string
  photos?: Photo[]
  found?: number
}

/** A person on the floor says: this return is mine to receive. */
export interface TakeTask {
  order_id: string
}

export interface CompleteReturn {
  order_id: string
}

export interface LineDraft {
  line_id: string
  item_id: string
  quantity: number
  outbound_line_id?: string
  unit_amount?: number
  lot?: string
  serials?: string[]
  note?: string
}

/** A draft, with its final number made on the device or by the desk. */
export interface CreateReturn {
  order_id: string
  number: string
  site_id: string
  type_code: string
  customer_id?: string
  owner_id?: string
  reason_code?: string
  note?: string
  lines?: LineDraft[]
}

/** Three-way merged per field: `set` the new values, `was` the values this person saw. */
export interface EditReturn {
  id: string
  set: Record<string, unknown>
  was?: Record<string, unknown>
}

export interface EditReturnLine {
  id: string
  set: Record<string, unknown>
  was?: Record<string, unknown>
}

export interface AddReturnLine {
  order_id: string
  line: LineDraft
}

/** `was`: the values this person saw. A line that others have changed since is not struck unseen (X11). */
export interface RemoveReturnLine {
  line_id: string
  was?: Record<string, unknown>
}

/** A new document of this kind. `id` is made by whoever makes it; `set` names its first values. */
export interface CreateRecord {
  kind: string
  id: string
  set: Record<string, unknown>
}

/** Three-way merged per field: `set` the new values, `was` the values this person saw. */
export interface EditRecord {
  kind: string
  id: string
  set: Record<string, unknown>
  was?: Record<string, unknown>
}

/** `was`: the values this person saw. What others have changed since is not removed unseen (X11). */
export interface RemoveRecord {
  kind: string
  id: string
  was?: Record<string, unknown>
  reason?: string
}

export interface SubmitReturn {
  order_id: string
}

/** `was`: the values this person saw. A return that others have changed since is not cancelled unseen (X11). */
export interface CancelReturn {
  order_id: string
  reason: string
  was?: Record<string, unknown>
}

/** Before going offline: so many of this shipped line shall be filed from this device. */
export interface TakeClaim {
  claim_id: string
  outbound_line_id: string
  quantity: number
}

export interface GiveBackClaim {
  claim_id: string
}

/** `content` is what the reviewer saw; 0 does not ask. */
export interface ApproveReturn {
  order_id: string
  content?: number
  note?: string
}

export interface RejectReturn {
  order_id: string
  reason: string
  content?: number
}

/** One paper of a return that waits for its review is asked for again; the review goes on when it is there. */
export interface AskForDocument {
  order_id: string
  kind: 'outbound_order' | 'sales_contract' | 'inspection_report' | 'return_application' | 'photo' | 'other'
  note?: string
}

/** `message_id` is made by whoever writes it, so that written twice it is there once. */
export interface WriteMessage {
  order_id: string
  text: string
  direction?: 'to_customer' | 'from_customer' | 'note'
  channel?: string
  message_id?: string
}

/** An approved order goes back to draft as a new revision, to be reviewed again. */
export interface AmendReturn {
  order_id: string
  reason: string
}

export interface HoldReturn {
  order_id: string
  reason: string
}

export interface ReleaseReturn {
  order_id: string
}

/** A supervisor says these will not come any more. */
export interface SettleShort {
  line_id: string
  quantity: number
  lost?: boolean
  reason?: string
}

export interface AcknowledgeAlert {
  alert_id: string
}

export interface ResolveAlert {
  alert_id: string
  note?: string
}

export interface DismissAlert {
  alert_id: string
  reason: string
}

export interface SnoozeAlert {
  alert_id: string
  until: number
}

/** `person_id`: whose it is from now on; '' gives it back to everybody. */
export interface TakeDifference {
  difference_id: string
  person_id: string
}

/** It has been dealt with: the reason says how. */
export interface ResolveDifference {
  difference_id: string
  reason: string
}

/** It is no difference, and nobody has to do anything. */
export interface DismissDifference {
  difference_id: string
  reason: string
}

/** From a difference, or by hand: then `item_id`, `status` and where they should be say which goods. */
export interface OpenLoss {
  loss_id: string
  site_id: string
  quantity: number
  reason: string
  difference_id?: string
  item_id?: string
  status?: string
  bin_id?: string
  container_id?: string
  lot?: string
  expiry?: string
  serial?: string
}

export interface Party {
  kind: 'person' | 'carrier' | 'supplier' | 'customer' | 'other'
  name: string
  id?: string
  share?: number
}

/** Who is responsible for the loss, with their shares; in place of whoever was named before. */
export interface NameParties {
  loss_id: string
  parties: Party[]
}

/** `person_id`: who follows it from now on; '' gives it back to everybody. */
export interface TakeLoss {
  loss_id: string
  person_id: string
}

export interface NoteLoss {
  loss_id: string
  note: string
}

/** `bin_id`: where they stand now; not given, the site's quarantine. */
export interface FindLost {
  loss_id: string
  quantity: number
  bin_id?: string
  note?: string
}

export interface WriteOffLost {
  loss_id: string
  quantity: number
  note: string
}

/** Money is asked of a carrier, an insurer or whoever: they leave the book, and the claim is written down. */
export interface ClaimLost {
  loss_id: string
  quantity: number
  against: string
  amount: number
  reference?: string
  note?: string
}

/** option: keep_server | take_device | enter_value (then `value`), or one of the rule's own. */
export interface ResolveConflict {
  conflict_id: string
  option: string
  value?: unknown
  note?: string
  shown?: string
}

export interface AssignConflict {
  conflict_id: string
  person_id: string
}

export interface DismissConflict {
  conflict_id: string
  reason: string
}

export interface DemoteRule {
  site_id: string
  rule: string
  reason: string
}

export interface EndDemotion {
  demotion_id: string
  reason: string
}

/** `lost`: the key of what was set aside. `shown`: the effect the person was shown; refused if it is another by now. */
export interface PutBackLost {
  conflict_id: string
  lost: string
  note?: string
  shown?: string
}

/** `reply_id` is made by whoever says it; at a desk it may be left out. Text, photos or both. */
export interface ReplyToConflict {
  conflict_id: string
  reply_id?: string
  text?: string
  photos?: Photo[]
}

export interface ReadReplies {
  conflict_id: string
}

/** What is not said of the goods is taken from the conflict, alert or difference it is raised for. `task_id` may be left out. */
export interface RaiseTask {
  site_id: string
  task_id?: string
  kind?: 'look' | 'recount' | 'reinspect' | 'retake' | 'refuse'
  question?: string
  order_id?: string
  line_id?: string
  item_id?: string
  bin_id?: string
  container_id?: string
  serial?: string
  subject_kind?: string
  subject_id?: string
  conflict_id?: string
  alert_id?: string
  difference_id?: string
  assignee?: string
  due_at?: number
}

export interface WithdrawTask {
  task_id: string
  reason?: string
}

export interface SendMessage {
  device_id: string
  text: string
}

/** A supervisor does not wait any longer: it is carried out with what is there. */
export interface ForceHeld {
  mutation_id: string
}

export interface Commands {
  sign_parcel: SignParcel
  refuse_parcel: RefuseParcel
  note_damage: NoteDamage
  close_load: CloseLoad
  open_parcel: OpenParcel
  bind_parcel: BindParcel
  close_parcel: CloseParcel
  claim_parcel: ClaimParcel
  settle_unclaimed: SettleUnclaimed
  use_container: UseContainer
  move_container: MoveContainer
  open_return_without_order: OpenReturnWithoutOrder
  scan_item: ScanItem
  unreceive: Unreceive
  map_barcode: MapBarcode
  inspect: Inspect
  dispose: Dispose
  decide_disposition: DecideDisposition
  put_away: PutAway
  open_stock: OpenStock
  record_shipment: RecordShipment
  acknowledge_hand_overs: AcknowledgeHandOvers
  hold_lot: HoldLot
  release_lot: ReleaseLot
  report_number: ReportNumber
  set_unit_cost: SetUnitCost
  send_away: SendAway
  count_bin: CountBin
  read_message: ReadMessage
  answer_task: AnswerTask
  take_task: TakeTask
  complete_return: CompleteReturn
  create_return: CreateReturn
  edit_return: EditReturn
  edit_return_line: EditReturnLine
  add_return_line: AddReturnLine
  remove_return_line: RemoveReturnLine
  create_record: CreateRecord
  edit_record: EditRecord
  remove_record: RemoveRecord
  submit_return: SubmitReturn
  cancel_return: CancelReturn
  take_claim: TakeClaim
  give_back_claim: GiveBackClaim
  approve_return: ApproveReturn
  reject_return: RejectReturn
  ask_for_document: AskForDocument
  write_message: WriteMessage
  amend_return: AmendReturn
  hold_return: HoldReturn
  release_return: ReleaseReturn
  settle_short: SettleShort
  acknowledge_alert: AcknowledgeAlert
  resolve_alert: ResolveAlert
  dismiss_alert: DismissAlert
  snooze_alert: SnoozeAlert
  take_difference: TakeDifference
  resolve_difference: ResolveDifference
  dismiss_difference: DismissDifference
  open_loss: OpenLoss
  name_parties: NameParties
  take_loss: TakeLoss
  note_loss: NoteLoss
  find_lost: FindLost
  write_off_lost: WriteOffLost
  claim_lost: ClaimLost
  resolve_conflict: ResolveConflict
  assign_conflict: AssignConflict
  dismiss_conflict: DismissConflict
  demote_rule: DemoteRule
  end_demotion: EndDemotion
  put_back_lost: PutBackLost
  reply_to_conflict: ReplyToConflict
  read_replies: ReadReplies
  raise_task: RaiseTask
  withdraw_task: WithdrawTask
  send_message: SendMessage
  force_held: ForceHeld
}
export type CommandName = keyof Commands

/** What a handheld may record, with or without network. */
export const DEVICE_COMMANDS = [
  'sign_parcel',
  'refuse_parcel',
  'note_damage',
  'close_load',
  'open_parcel',
  'bind_parcel',
  'close_parcel',
  'use_container',
  'move_container',
  'open_return_without_order',
  'scan_item',
  'unreceive',
  'map_barcode',
  'inspect',
  'dispose',
  'put_away',
  'count_bin',
  'read_message',
  'answer_task',
  'take_task',
  'complete_return',
  'create_return',
  'edit_return',
  'edit_return_line',
  'add_return_line',
  'remove_return_line',
  'create_record',
  'edit_record',
  'remove_record',
  'submit_return',
  'cancel_return',
  'take_claim',
  'give_back_claim',
  'reply_to_conflict',
] as const
export type DeviceCommand = (typeof DEVICE_COMMANDS)[number]
