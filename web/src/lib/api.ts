/**
 * The desk's door to the server: typed questions and commands over the session cookie.
 *
 * A refusal arrives as `Problem`, a sentence for a person with facts for the program; a server nobody can reach as
 * `Unreachable`. A write whose answer never came keeps its idempotency key, so that pressing the button again cannot
 * do it twice, however the first attempt ended.
 */

import { uuid7 } from './ids'
import { Problem, Unreachable, problemOf, send } from './net'

export { Problem, Unreachable, online } from './net'

// —— the wire ———————————————————————————————————————————————————————————————————————————————————————————

export type Query = Record<string, string | number | boolean | undefined | null>
type Write = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

let onSignedOut: () => void = () => {}

/** Told when the server says nobody is signed in here any more; the frame then asks again, over the open page. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

/** Writes nobody answered yet. The same words to the same address are the same write; a changed word is another one. */
const unanswered = new Map<string, string>()

export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

async function get<T>(path: string, query: Query = {}): Promise<T> {
  return read<T>(path, await send(address(path, query), { headers: { Accept: 'application/json' }, cache: 'no-store' }))
}

async function write<T>(method: Write, path: string, content: unknown = {}): Promise<T> {
  const body = JSON.stringify(content)
  const same = `${method} ${path} ${body}`
  const key = unanswered.get(same) ?? uuid7()
  unanswered.set(same, key)
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'Idempotency-Key': key }
  const response = await send(path, { method, headers, body })
  // 5xx says nothing about what was done: the next attempt must be the same write still.
  if (response.status < 500) unanswered.delete(same)
  return read<T>(path, response)
}

async function read<T>(path: string, response: Response): Promise<T> {
  if (!response.ok) {
    const problem = await problemOf(response)
    if (response.status === 401 && path !== '/api/session') onSignedOut()
    throw problem
  }
  if (response.status === 204) return undefined as T
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

const post = <T = unknown>(path: string, body: unknown = {}) => write<T>('POST', path, body)
const patch = <T = unknown>(path: string, body: unknown) => write<T>('PATCH', path, body)
const remove = (path: string) => write<unknown>('DELETE', path)

/** The field the server says is wrong, if the refusal names one. */
export const wrongField = (error: unknown): string =>
  error instanceof Problem && typeof error.facts['field'] === 'string' ? error.facts['field'] : ''

export const away = (error: unknown): boolean => error instanceof Unreachable

// —— what travels ———————————————————————————————————————————————————————————————————————————————————————

export type Millis = number
export type Named = { id: string; name: string; name_en?: string; code?: string }
export type ItemRef = { id: string; sku: string; name: string; name_en: string; spec: string; uom?: string }
export type Page<Row> = { rows: Row[]; next: string | null; total?: number }
export type Bilingual = { zh: string; en: string }
export type Photo = { sha256: string; kind: string }

export type Role =
  | 'operator' | 'inspector' | 'reviewer' | 'supervisor' | 'sales' | 'service' | 'finance' | 'office' | 'admin' // prettier-ignore
export const ROLES: readonly Role[] = [
  'operator', 'inspector', 'reviewer', 'supervisor', 'sales', 'service', 'finance', 'office', 'admin',
] // prettier-ignore

export type Site = {
  id: string; code: string; name: string; name_en: string; time_zone: string; book: 'own' | 'hand_over'; book_from: string; currency: string
  unclaimed_days: number; unclaimed_rule: UnclaimedRule; inspection_hours?: number; review_hours?: number; device_silent_hours?: number
} // prettier-ignore

export type SessionPerson = {
  id: string; name: string; username: string; language: string
  roles: { role: Role; site_id: string; owner_id: string }[]
} // prettier-ignore
export type Session = { person: SessionPerson; sites: Site[] }

/** What became of an outbox file that was brought. */
export interface OutboxFile {
  device: { id: string; name: string; code: string }
  part: number
  parts: number
  first: number
  last: number
  new: number
  already: number
  outcomes: Record<string, number>
  photos: number
  photos_refused: number
  made_at: Millis
  device_last_seq: number
  receipt: string
  receipt_svg: string
}
export type Unsent = { devices: number; pending: number; oldest_at: Millis }

export type OrderStatus =
  | 'draft' | 'submitted' | 'approved' | 'rejected' | 'receiving' | 'inspecting' | 'disposing' | 'completed' | 'on_hold' | 'cancelled' // prettier-ignore
export const ORDER_STATUSES: readonly OrderStatus[] = [
  'draft', 'submitted', 'rejected', 'approved', 'receiving', 'inspecting', 'disposing', 'on_hold', 'completed', 'cancelled',
] // prettier-ignore

export type OrderMatch = {
  line_id: string; verdict: string; item: ItemRef | null; outbound_line_id: string; outbound_id: string; number: string; shipped_on: string
  quantity: number; score: number; reasons: Bilingual[]
} // prettier-ignore

export type ReturnOrder = {
  id: string; number: string; site_id: string; owner_id: string; customer_id: string; status: OrderStatus
  type_code: string; reason_code: string; note: string; origin: 'filed' | 'without_order' | 'unclaimed' | 'imported'
  authorised: boolean; revision: number; content: number
  filed_by: string; submitted_by: string; submitted_at: Millis; reviewed_by: string; reviewed_at: Millis
  rejection: string; claimed_by: string; created_at: Millis; completed_at: Millis; cancelled_at: Millis
  held_status: string; currency: string; stub: boolean
  match?: OrderMatch[]
} // prettier-ignore

export type ReturnRow = ReturnOrder & {
  customer?: Named | null; site?: Named | null; filed_by_name?: string; submitted_by_name?: string
  lines?: number; expected?: number; received?: number; inspected?: number; disposed?: number; closed?: number; amount?: number
} // prettier-ignore

export type OutboundRef = {
  id?: string; line_id?: string; number: string; shipped_on?: string
  quantity: number; returned: number; returnable?: number; unit_price?: number
} // prettier-ignore

export type ReturnLine = {
  id: string; order_id: string; item_id: string; text: string; outbound_line_id: string
  expected: number; received: number; inspected: number; disposed: number; closed: number
  short: number; lost: number; refused: number; unit_amount: number; lot: string; serials: string[]; note: string; removed: boolean
  item: ItemRef | null; outbound: OutboundRef | null; state: string
} // prettier-ignore

export type Round = {
  id: string; revision: number; submitted_by: string; submitted_by_name?: string; submitted_at: Millis
  decision: '' | 'approved' | 'rejected'; decided_by: string; decided_by_name?: string; decided_at: Millis; reason: string
} // prettier-ignore

export type Receipt = {
  id: string; line_id: string; parcel_id: string; item_id: string; quantity: number; unreceived: number
  lot: string; expiry: string; serial: string; text: string; symbology: string
  by: string; by_name?: string; device?: Named | null; made_at: Millis; at: Millis; item?: ItemRef | null
} // prettier-ignore

export type Check = 'appearance' | 'function' | 'accessories' | 'packaging'
export type Inspection = {
  id: string; line_id: string; item_id: string; quantity: number; sampled: number; tranche: number; serial: string; lot: string
  verdict: 'pass' | 'conditional' | 'fail'; grade: string
  checks: { check: Check; outcome: 'pass' | 'fail' | 'na'; severity: string; defects: string[]; note: string }[]
  photos: Photo[]; note: string; supersedes: string; superseded_by: string
  by: string; by_name?: string; device?: Named | null; made_at: Millis; at: Millis; item?: ItemRef | null
} // prettier-ignore

export type DispositionKind = 'restock' | 'repair' | 'scrap' | 'exchange' | 'return_to_vendor' | 'return_to_customer'
export const DISPOSITIONS: readonly DispositionKind[] = [
  'restock', 'repair', 'scrap', 'exchange', 'return_to_vendor', 'return_to_customer',
] // prettier-ignore
export type Disposition = {
  id: string; order_id: string; line_id: string; inspection_id: string; item_id: string; site_id?: string
  quantity: number; posted: number; put_away: number; sent: number; replacement: string; kind: DispositionKind; state: 'proposed' | 'decided' | 'posted' | 'void'
  reason: string; lot: string; expiry: string; serial: string
  by: string; by_name?: string; decided_by: string; decided_by_name?: string; made_at: Millis; at: Millis
  item?: ItemRef | null; order?: { id: string; number: string } | null
} // prettier-ignore

export type LinkedDocument = {
  id: string; order_id: string; kind: string; number: string; date: string; blob: string; media_type: string; added_by: string; added_by_name?: string; added_at: Millis
} // prettier-ignore

export type ParcelState = 'signed' | 'opened' | 'done' | 'unclaimed' | 'claimed' | 'refused'
export const PARCEL_STATES: readonly ParcelState[] = ['signed', 'opened', 'done', 'unclaimed', 'claimed', 'refused']
export type Parcel = {
  id: string; site_id: string; carrier: string; waybill: string; state: ParcelState
  signed_by: string; signed_at: Millis; signed_count: number; opened_at: Millis; unclaimed_at: Millis
  order_ids: string[]; claimed_by: string; refused_reason: string; damage: string; photos: Photo[]; note: string
  signed_by_name?: string; claimed_by_name?: string; carrier_name?: string; site?: Named | null
  orders?: { id: string; number: string; status?: OrderStatus }[]; items?: (ItemRef & { quantity?: number })[]
} // prettier-ignore

export type Match = {
  outbound_line_id: string; outbound_id?: string; number: string; customer: Named | null; customer_id?: string
  item?: ItemRef | null; score: number; reasons: Bilingual[]
} // prettier-ignore

export type HistoryRow = {
  at: Millis; kind: string; by: string; by_name: string; device: Named | null; body: Record<string, unknown>
} // prettier-ignore

export type UnclaimedParcel = Parcel & { matches: Match[]; place: { bin: string; zone: string; zone_en: string } | null; due_at: Millis; rule: UnclaimedRule }
export type UnclaimedRule = 'ask' | 'keep' | 'send_back'
export type ReturnTotals = {
  orders: number; expected: number; received: number; inspected: number; closed: number; amounts: { currency: string; amount: number }[]
} // prettier-ignore
export type View = { id: string; page: string; name: string; query: string; at: Millis }
export type DocumentRequest = { id: string; order_id: string; kind: string; note: string; asked_by: string; asked_by_name: string; asked_at: Millis; answered_at: Millis }
export type Notice = {
  id: string; site_id: string; order_id: string; what: 'approved' | 'rejected' | 'document_asked' | 'document_added'; words: string
  by: string; by_name: string; at: Millis; order: { id: string; number: string } | null
} // prettier-ignore

export type ParcelPage = { settles: { at: Millis; rule: UnclaimedRule | ''; days: number }; parcel: Parcel; orders: ReturnRow[]; receipts: Receipt[]; history: HistoryRow[]; matches: Match[] }

export type AlertState = 'open' | 'acknowledged' | 'in_progress' | 'resolved' | 'dismissed' | 'snoozed' | 'auto_closed'
export type Alert = {
  id: string; rule: string; subject: string; site_id: string; severity: 'info' | 'warning' | 'critical'; state: AlertState
  facts: Record<string, unknown>; order_id: string; item_id: string; occurrences: number; first_at: Millis; last_at: Millis
  assigned_to: string; snoozed_until: Millis; closed_by: string; closed_at: Millis; closing_reason: string
  order?: { id: string; number: string } | null; item?: ItemRef | null; site?: Named | null
  closed_by_name?: string; assigned_to_name?: string; tasks: Task[]
} // prettier-ignore

export type TaskAnswer = {
  id: string; task_id: string; outcome: 'done' | 'not_found' | 'not_possible'; note: string; photos: Photo[]; found: number
  record_kind: '' | 'Inspection' | 'BinCount'; record_id: string; by: string; by_name: string; made_at: Millis; at: Millis; device: Named | null
} // prettier-ignore
export type TaskKind = 'look' | 'recount' | 'reinspect' | 'retake' | 'refuse'
export type Task = {
  id: string; site_id: string; kind: TaskKind; question: string; state: 'open' | 'done' | 'withdrawn'; serial: string
  order_id: string; line_id: string; item_id: string; bin_id: string; container_id: string; conflict_id: string; alert_id: string
  assignee: string; assignee_name: string; raised_by_name: string; raised_at: Millis; due_at: Millis; withdrawn_by_name: string; withdrawn_why: string
  order: { id: string; number: string } | null; item: ItemRef | null; bin: (Named & { code: string }) | null; container: { id: string; label: string } | null
  /** Every answer, in the order they came. */
  given: TaskAnswer[]
} // prettier-ignore
export type NewTask = {
  site_id: string; kind: TaskKind; question: string; assignee?: string; conflict_id?: string; alert_id?: string; difference_id?: string; order_id?: string
  line_id?: string; item_id?: string; bin_id?: string; container_id?: string; serial?: string; due_at?: Millis
} // prettier-ignore

/** `difference`: units the book had too few of; below zero, too many. */
export type Count = {
  id: string; site_id: string; bin_id: string; task_id: string; finished: boolean; by: string; by_name: string; made_at: Millis; at: Millis
  bin: (Named & { code: string }) | null; device: Named | null; difference: number; differing: number
} // prettier-ignore
export type CountPage = {
  count: Count; whole: ({ id: string; label: string } | null)[]; missing: ({ id: string; label: string } | null)[]
  lines: {
    id: string; item_id: string; text: string; lot: string; expiry: string; serial: string; counted: number; book: number; posted: number
    item: ItemRef | null; container: { id: string; label: string } | null
  }[]
} // prettier-ignore

export type ConflictState = 'open' | 'assigned' | 'resolved' | 'dismissed' | 'auto_resolved'
export type Conflict = {
  places?: { zone: string; zone_en: string; bin: string; quantity: number }[]
  id: string; rule: string; site_id: string; order_id: string; subject_kind: string; subject_id: string; field: string
  blocking: boolean; state: ConflictState; facts: Record<string, unknown>; occurrences: number
  mutation_id: string; device_id: string; assigned_to: string; opened_at: Millis; last_at: Millis
  resolved_by: string; resolved_at: Millis; resolution: string; resolution_note: string; replied_at: Millis
  order?: { id: string; number: string } | null; device?: Named | null; site?: Named | null
  assigned_to_name?: string; resolved_by_name?: string; due_at: Millis
} // prettier-ignore
export type Occurrence = {
  id: string; mutation_id: string; device_id: string; device?: Named | null; by: string; by_name?: string; made_at: Millis; at: Millis
  values: { field: string; base: unknown; server: unknown; device: unknown }[]; evidence: Record<string, unknown>; skew_ms: number
} // prettier-ignore
/** What a decision set aside, and whether it can be put back. */
export type LostKind = 'value' | 'scan' | 'reading' | 'inspection' | 'disposition' | 'operation' | 'struck' | 'removal' | 'state'
export type Lost = {
  key: string; kind: LostKind; number: number; told: Record<string, unknown>; by_name: string; device: Named | null
  restorable: boolean; put_back_at: Millis; put_back_by_name: string
} // prettier-ignore
export type Reply = {
  id: string; text: string; photos: Photo[]; by: string; by_name: string; device_id: string; device: Named | null; made_at: Millis; at: Millis
} // prettier-ignore
/** Where goods stand now. */
export type Standing = { item: ItemRef | null; quantity: number; bin: string; container: string; zone: string; zone_en: string; zone_kind: string }
export type Rate = { id: string; name: string; breaches: number; mutations: number; per_1000: number }
export type ConflictFigures = {
  days: number; mutations: number; breaches: number; closed: number; by_themselves: number; median_ms: number
  rules: (Rate & { closed: number; by_themselves: number; median_ms: number })[]; devices: Rate[]; people: Rate[]
  zones: (Rate & { name_en: string })[]; noisy: { rule: string; closed: number; dismissed: number; by_themselves: number; acted: number; noisy: boolean; demoted: Demoted[] }[]
} // prettier-ignore
/** Where a rule is demoted: what it only advises on there does not stand in To do. */
export type Demoted = { id: string; site: Named | null; by_name: string; at: Millis; reason: string }
/** What an option's value is; 'record' is an item, bin, return type or lot, as the case's facts say. */
export type Takes =
  | '' | 'text' | 'quantity' | 'item' | 'serial' | 'lot' | 'bin' | 'photo' | 'record' | 'name' | 'return_type' | 'moment' | 'person' | 'customer' | 'order' | 'document' // prettier-ignore
/** One way to decide a thing that waits. `sends`: somebody is sent, and it stays open until they are back. */
export type Way = { name: string; note: boolean; note_required: boolean; takes: Takes; value: unknown; sends: boolean; suggested: boolean; why: Bilingual[] }
/** Something that led to it; `what` is '' for a breach of the rule itself. */
export type Happening = { id: string; what: string; by_name: string; device: Named | null; made_at: Millis; at: Millis; skew_ms: number; quantity: number }
export type Clash = { field: string; base: unknown; server: unknown; device: unknown; writer?: { by_name: string; device: Named | null; at: Millis } | null }
/** Whatever waits for a decision, in one shape; `row` is as its own list has it. */
export type DecisionOf<Kind extends TodoKind, Row> = {
  kind: Kind; id: string; site_id: string; open: boolean; seen: string; row: Row; order: ReturnRow | null
  sides: Clash[]; evidence: Record<string, unknown>; named: Record<string, Named & { sku?: string }>; photos: Photo[]; matches: Match[]
  stands: Standing[]; tasks: Task[]; losses: { id: string; state: string; quantity: number; opened_at: Millis }[]; people: { id: string; name: string }[]
  happened: Happening[]; options: Way[]; closed: { by_name: string; at: Millis; option: string; note: string; itself: boolean } | null
} // prettier-ignore
export type Rows = {
  review: ReturnRow & { due_at?: Millis }; conflict: Conflict; alert: Alert; unclaimed: Parcel & { settles?: { at: Millis; rule: UnclaimedRule | ''; days: number } }
  disposition: Disposition; difference: Difference; task: Task
} // prettier-ignore
export type Decision = { [Kind in TodoKind]: DecisionOf<Kind, Rows[Kind]> }[TodoKind]
/** A conflict's own: what its decisions set aside, and what was said about it. */
export type ConflictPage = { conflict: Conflict; lost: Lost[]; replies: Reply[]; device: Named | null; named: Record<string, Named & { sku?: string }> }

/** What an option would do, found by doing it and taking it back. `refused`: why it cannot be taken now. */
export type Preview = {
  option: string; value: unknown; refused: string
  /** Names this effect: sent with the verdict, which is refused where the effect is another by then. */
  shown: string
  stock: {
    item_id: string; sku: string; name: string; name_en: string; status: string; bin: string; zone: string; zone_en: string; zone_kind: string
    quantity: number; value: number; currency: string
  }[]
  fields: { kind: string; id: string; field: string; before: unknown; after: unknown }[]
} // prettier-ignore
/** What several decisions would do together; `refused`: the things of which it cannot be decided, by id. */
export type GroupPreview = Pick<Preview, 'stock' | 'fields'> & { refused: Record<string, string> }

/** An event a consumer failed on three times: set aside, visibly, so that the rest goes on. */
export type Parked = { id: string; consumer: string; feed: string; revision: number; error: string; state: string; at: Millis }

export type TodoKind = 'review' | 'conflict' | 'alert' | 'unclaimed' | 'disposition' | 'difference' | 'task'
export const TODO_KINDS: readonly TodoKind[] = ['review', 'conflict', 'alert', 'difference', 'unclaimed', 'disposition', 'task']
/** What has one cause, the largest effect first. */
export type TodoGroup = {
  cause: 'device' | 'order' | 'lot' | ''; order: { id: string; number: string } | null; device: Named | null; lot: string; at: Millis; blocking: boolean
  /** In minor units of its currency; 0 and '' where the goods are in several. */
  units: number; value: number; currency: string; gravity: number
  entries: { kind: TodoKind; id: string; at: Millis; blocking: boolean; units: number; value: number; currency: string; gravity: number }[]
} // prettier-ignore
export type Todo = {
  groups: TodoGroup[]
  notices: Notice[]
  reviews: (ReturnRow & { due_at: Millis })[]; conflicts: Conflict[]; alerts: Alert[]; unclaimed: Parcel[]; dispositions: Disposition[]
  differences: Difference[]; tasks: Task[]; unsent: Unsent
  /** How many of each kind wait, shown or not. */
  totals: Record<TodoKind, number>
}

export type MessageDirection = 'to_customer' | 'from_customer' | 'note'
export type ReturnMessage = { id: string; direction: MessageDirection; channel: string; text: string; by_name: string; at: Millis }
export type Checked = { code: string; done: boolean; missing?: string[] }
/** What became of a command: an edit may be merged, or open a conflict that keeps both values. */
export type Done = { status: 'applied' | 'merged' | 'noop' | 'conflict'; conflict_id?: string; detail?: string }

export type ReturnPage = {
  order: ReturnOrder & { filed_by_name?: string; submitted_by_name?: string; reviewed_by_name?: string; claimed_by_name?: string }
  sentence: Bilingual; customer: (Named & { phone?: string }) | null; site?: Named | null
  lines: ReturnLine[]; rounds: Round[]; parcels: Parcel[]; receipts: Receipt[]; inspections: Inspection[]
  dispositions: Disposition[]; documents: LinkedDocument[]; requests: DocumentRequest[]; messages: ReturnMessage[]; conflicts: Conflict[]; alerts: Alert[]; history: HistoryRow[]
  missing_for_completion: string[]; checklist: Checked[]; outside_terms: Bilingual[]; unsent: Unsent
} // prettier-ignore

export type StockGroup = 'item' | 'owner' | 'site' | 'zone' | 'bin' | 'container' | 'status' | 'lot' | 'expiry' | 'serial' | ''
export type StockFigures = {
  on_hand: number; available: number; statuses: Record<string, number>; not_available: Record<string, number>; value: Record<string, number> | null
} // prettier-ignore
export type StockRow = StockFigures & {
  id: string; item: ItemRef | null; owner: Named | null; site: Named | null; zone: Named | null; bin: Named | null
  container: (Named & { label?: string }) | null; status: string; lot: string; expiry: string; serial: string
} // prettier-ignore
export type StockPage = {
  rows: StockRow[]; totals: StockFigures & { by_status: Record<string, number> }; as_of: Millis; revisions: Record<string, number>
  reconciled_at: Millis; unsent: Unsent; next: string | null
} // prettier-ignore
export type AvailableRow = { id: string; item: ItemRef | null; site: Named | null; available: number }
export type Book = { site: Named; book: 'own' | 'hand_over'; book_from: string; waiting: number; waiting_units: number; oldest_at: Millis }
export type Freshness = {
  reconciled_at: Millis; differences: number; unsent: Unsent; silent: { devices: number; since: Millis }; books: Book[]
} // prettier-ignore
export type HandOver = {
  id: string; item: ItemRef | null; site: Named | null; bin: Named | null; order: { id: string; number: string } | null; quantity: number
  lot: string; expiry: string; serial: string; state: string; reference: string; at: Millis; acknowledged_at: Millis; acknowledged_by_name: string
} // prettier-ignore
export type LotHold = {
  id: string; item: ItemRef | null; item_id: string; lot: string; reason: string; by_name: string; at: Millis; released_at: Millis
  released_by_name: string; release_reason: string; units: number
} // prettier-ignore
export type NumberReport = {
  id: string; site_id: string; site: Named | null; person: { name: string } | null; figure: string; shown: number; asked: Record<string, string>
  note: string; at: Millis
  evidence: {
    balances?: number; ledger?: number; revision?: number; reconciled_at?: Millis; differences?: string[]
    entries?: { id: string; quantity: number; status: string; cause: string; at: Millis; by_name: string }[]
    devices?: { id: string; code: string; name: string; pending: number; oldest_at: Millis }[]
  }
} // prettier-ignore
export type EntryPage = {
  entry: StockEntry; before: number; after: number; with: StockEntry[]; args: Record<string, unknown>
  outbound: { id: string; number: string } | null; parcel: { id: string; waybill: string } | null; photos: Photo[]
} // prettier-ignore
export type StockEntry = {
  id: string; move_id: string; site_id: string; item_id: string; status: string; bin_id: string; container_id: string
  lot: string; expiry: string; serial: string; quantity: number; unit_cost: number | null; currency: string; cause: string
  business_date: string; posting_date: string; at: Millis; item?: ItemRef | null; site?: Named | null; bin?: Named | null
  container?: { id: string; label: string } | null; balance_id: string; owner_id: string
  mutation: { id: string; name: string; made_at: Millis; at: Millis; status: string } | null
  device: Named | null; person: { id?: string; name: string } | null; order: { id: string; number: string } | null
  receipt: { text: string; symbology: string } | null
} // prettier-ignore

export type ReconcileRun = {
  id: string; site_id: string; cause: string; asked_by: string; started_at: Millis; finished_at: Millis
  state: 'queued' | 'running' | 'done' | 'failed'; step: string; done: number; total: number
  balances_checked: number; lines_checked: number; differences: number; error: string; site?: Named | null; asked_by_name?: string
} // prettier-ignore
export type Amount = { currency: string; amount: number }
export type Difference = {
  id: string; site_id: string; kind: string; subject_id: string; expected: number; found: number; value: number; currency: string
  cause: string; facts: Record<string, unknown>; named: Record<string, Named>; state: string; assigned_to: string; assigned_to_name: string
  occurrences: number; first_at: Millis; last_at: Millis; closed_at: Millis; closed_by_name: string; closing_reason: string
  item?: ItemRef | null; order?: { id: string; number: string } | null; site?: Named | null; bin?: Named | null; container?: Named | null
  line_id: string; lot: string; expiry: string; serial: string; status: string
} // prettier-ignore
export type Differences = Page<Difference> & { values: Amount[]; open_by_kind: Record<string, number> }
export type Party = { kind: 'person' | 'carrier' | 'supplier' | 'customer' | 'other'; id: string; name: string; share: number }
export type Loss = {
  id: string; site_id: string; item?: ItemRef | null; quantity: number; found: number; written_off: number; claimed: number; left: number
  in_book: boolean; lot: string; expiry: string; serial: string; status: string; bin?: Named | null; container?: Named | null
  order?: { id: string; number: string } | null; unit_cost: number; currency: string; value: number; state: string; reason: string
  parties: Party[]; assigned_to: string; assigned_to_name: string; opened_by_name: string; opened_at: Millis; closed_at: Millis; site?: Named | null
} // prettier-ignore
export type Stand = { status: string; bin: Named | null; container: Named | null }
export type LossPage = {
  case: Loss; difference: Difference | null; people: { id: string; name: string }[]; bins: Named[]
  steps: { id: string; kind: string; quantity: number; note: string; bin: Named | null; against: string; reference: string; amount: number; by_name: string; at: Millis }[]
  custody: { at: Millis; made_at: Millis; what: string; quantity: number; by: string; by_name: string; device: Named | null; from: Stand | null; to: Stand | null; text: string; count_id?: string }[]
  replenish: { suggested: number; available: number; shipped: number; days: number }
} // prettier-ignore

export type Device = {
  id: string; code: string; name: string; site_id: string; enrolled_at: Millis; revoked_at: Millis; last_contact_at: Millis
  last_person_id: string; last_person_name?: string; person?: Named | null; app_version: string; pending: number; pending_photos: number
  oldest_pending_at: Millis; skew_ms: number; storage: { used?: number; quota?: number; persisted?: boolean }; site?: Named | null
  /** 0: it has not said. */
  pack_at: Millis
  /** Percent; -1: its browser does not tell. */
  battery: number
  messages: { id: string; text: string; at: Millis; by_name: string; read_at: Millis; read_by_name: string }[]
} // prettier-ignore
export type Enrolment = { code: string; url: string; qr_svg: string; ca_qr_svg: string | null; steps: Bilingual[] }
export type EnrolmentCode = {
  id: string; purpose?: string; site_id: string; uses: number; uses_left: number; expires_at: Millis; made_by: string; made_by_name?: string; site?: Named | null
} // prettier-ignore
export type MutationRow = {
  id: string; name: string; status: string; code: string; detail: string; by: string; by_name?: string; site_id: string
  device_id: string; device?: Named | null; conflict_id: string; held_until: Millis; waits_for: string
  made_at: Millis; at: Millis; body?: Record<string, unknown>
} // prettier-ignore

export type Person = {
  id: string; username: string; name: string; language: string; badge: string; disabled_at: Millis
  has_password?: boolean; has_badge?: boolean
  grants: { id: string; role: Role; site_id: string; owner_id: string; valid_from: string; valid_until: string; site?: Named | null }[]
} // prettier-ignore

export type ReferencePicture = { sha256: string; kind: 'right' | 'wrong'; name: string; name_en: string }
export type Standard = { text: string; text_en: string; pictures: ReferencePicture[]; by: string; at: Millis }
export type Item = ItemRef & {
  owner_id?: string; lot_tracked?: boolean; serial_tracked?: boolean; expiry_tracked?: boolean; hazard?: boolean; active?: boolean
  shelf_life_days?: number; barcodes?: { text: string; quantity: number; level: string }[]; standard?: Standard | null
} // prettier-ignore
export type Customer = Named & { phone?: string; country?: string; owner_id?: string }
export type Outbound = {
  id: string; number: string; site_id?: string; customer: Named | null; customer_id?: string; platform_number?: string; waybill?: string
  shipped_on: string; currency?: string; lines?: OutboundLine[] | number
} // prettier-ignore
export type OutboundLine = {
  id: string; item_id?: string; item: ItemRef | null; line_number: number; quantity: number; returned: number; returnable?: number
  unit_price?: number; lot: string; serials: string[]
} // prettier-ignore

export type ReturnType = { id: string; code: string; name: string; name_en: string; active: boolean; policy: Record<string, unknown>; reasons?: ReturnReason[] }
export type ReturnReason = { id: string; type_code: string; code: string; name: string; name_en: string; active: boolean }
export type Zone = { id: string; site_id: string; code: string; name: string; name_en: string; kind: string }
export type Bin = { id: string; site_id: string; zone_id: string; code: string; kind: string; active: boolean; capacity?: number; holds?: string }
export type Catalogue = {
  return_types: ReturnType[]; return_reasons: ReturnReason[]
  defect_codes: { id: string; check: string; code: string; name: string; name_en: string }[]
  carriers: { id: string; code: string; name: string; prefixes: string[] }[]
  zones: Zone[]; bins: Bin[]; owners?: Named[]
} // prettier-ignore

export type ImportRun = {
  id: string; kind: string; file_name: string; sha256: string; rows: number; outcomes: Record<string, unknown>; by: string; by_name?: string; at: Millis
} // prettier-ignore
export type Hit = { kind: string; id: string; title: string; subtitle: string; url: string; whole: boolean }
/** Something has this number, and is not for this person to see. */
export type Beyond = { kind: string; site: string; site_en: string; ask: string[] }
export type Found = { hits: Hit[]; place: string; beyond: Beyond[] }
export type Health = { status: 'ok' | 'degraded'; parts: Record<string, unknown> }

export type LineDraft = {
  line_id: string; item_id: string; quantity: number; outbound_line_id?: string; unit_amount?: number; lot?: string; serials?: string[]; note?: string
} // prettier-ignore
export type NewReturn = {
  order_id: string; site_id: string; type_code: string; customer_id?: string; owner_id?: string; reason_code?: string; note?: string
  lines: LineDraft[]
} // prettier-ignore
type Edit = { set: Record<string, unknown>; was: Record<string, unknown> }

// —— what may be asked ——————————————————————————————————————————————————————————————————————————————————

export const session = {
  read: () => get<Session>('/api/session'),
  open: (username: string, password: string) => post<Session>('/api/session', { username, password }),
  close: () => remove('/api/session'),
  language: (language: string) => patch('/api/session', { language }),
  setupNeeded: () => get<{ needed: boolean }>('/api/setup'),
  setUp: (body: { code: string; username: string; name: string; password: string }) => post<Session>('/api/setup', body),
}

export const health = () => get<Health>('/health')
export const parked = {
  list: () => get<Page<Parked>>('/api/parked-events').then(rows),
  again: (id: string) => post(`/api/parked-events/${id}/retry`),
}
export const todo = (site: string, most?: number) => get<Todo>('/api/todo', { site, most })
export const waiting = () => get<{ totals: Record<TodoKind, number>; notices: number }>('/api/waiting')
export const decisions = {
  read: (kind: TodoKind, id: string) => get<Decision>(`/api/decisions/${kind}/${id}`),
  previews: (kind: TodoKind, id: string) => get<Page<Preview>>(`/api/decisions/${kind}/${id}/previews`).then(rows),
  preview: (kind: TodoKind, id: string, option: string, value: unknown) =>
    get<Page<Preview>>(`/api/decisions/${kind}/${id}/previews`, { option, value: JSON.stringify(value) }).then((page) => rows(page)[0]),
  several: (chosen: readonly { kind: TodoKind; id: string; option: string }[]) => post<GroupPreview>('/api/decision-previews', { decisions: chosen }),
  decide: (kind: TodoKind, id: string, decision: { option: string; value?: unknown; note?: string; shown?: string; seen?: string }) =>
    post<Done>(`/api/decisions/${kind}/${id}`, decision),
}
export const search = (q: string) => get<Found>('/api/search', { q })
export const catalogue = () => get<Catalogue>('/api/catalog')
export const imports = () => get<ImportRun[] | Page<ImportRun>>('/api/imports').then(rows)

export const returns = {
  list: (query: Query) => get<Page<ReturnRow>>('/api/returns', query),
  totals: (query: Query) => get<ReturnTotals>('/api/return-totals', query),
  askDocument: (id: string, kind: string, note: string) => post<Done>(`/api/returns/${id}/document-requests`, { kind, note }),
  read: (id: string) => get<ReturnPage>(`/api/returns/${id}`),
  create: (body: NewReturn) => post<{ id: string; number: string }>('/api/returns', body),
  edit: (id: string, edit: Edit) => patch<Done>(`/api/returns/${id}`, edit),
  addLine: (id: string, line: LineDraft) => post(`/api/returns/${id}/lines`, line),
  editLine: (id: string, edit: Edit) => patch<Done>(`/api/lines/${id}`, edit),
  removeLine: (id: string) => remove(`/api/lines/${id}`),
  submit: (id: string) => post(`/api/returns/${id}/submission`),
  amend: (id: string, reason: string) => post(`/api/returns/${id}/amendment`, { reason }),
  cancel: (id: string, reason: string) => post(`/api/returns/${id}/cancellation`, { reason }),
  hold: (id: string, reason: string) => post(`/api/returns/${id}/hold`, { reason }),
  release: (id: string) => post(`/api/returns/${id}/release`),
  complete: (id: string) => post(`/api/returns/${id}/completion`),
  write: (id: string, body: { direction: MessageDirection; channel: string; text: string }) => post<Done>(`/api/returns/${id}/messages`, body),
  addDocument: (id: string, body: { kind: string; number: string; date: string; blob?: string }) => post(`/api/returns/${id}/documents`, body),
  settleShort: (line: string, body: { quantity: number; lost: boolean; reason: string }) => post(`/api/lines/${line}/shortage`, body),
}

export const dispositions = {
  sendAway: (id: string, quantity: number, reference: string) => post(`/api/dispositions/${id}/dispatch`, { quantity, reference }),
}

export const views = {
  of: (page: string) => get<{ rows: View[] }>('/api/views', { page }).then((found) => found.rows),
  save: (page: string, name: string, query: string) => post<{ id: string }>('/api/views', { page, name, query }),
  drop: (id: string) => remove(`/api/views/${id}`),
}
export const notices = { read: (id: string) => post(`/api/notices/${id}/reading`) }

export const parcels = {
  unclaimed: (query: Query) => get<Page<UnclaimedParcel>>('/api/unclaimed', query),
  list: (query: Query) => get<Page<Parcel>>('/api/parcels', query),
  read: (id: string) => get<ParcelPage>(`/api/parcels/${id}`),
}

export const stock = {
  list: (query: Query) => get<StockPage>('/api/stock', query),
  entries: (query: Query) => get<Page<StockEntry> & { sum: number; count: number }>('/api/stock/entries', query),
  entry: (id: string) => get<EntryPage>(`/api/stock/entries/${id}`),
  available: (query: Query) => get<Page<AvailableRow> & { unsent: Unsent }>('/api/availability', query),
  freshness: (site: string) => get<Freshness>('/api/freshness', { site }),
  handOvers: (query: Query) => get<Page<HandOver> & { waiting: number; waiting_units: number; oldest_at: Millis }>('/api/hand-overs', query),
  acknowledge: (hand_over_ids: string[], reference: string) => post('/api/hand-overs/acknowledgement', { hand_over_ids, reference }),
  lotHolds: (query: Query) => get<Page<LotHold>>('/api/lot-holds', query),
  holdLot: (item_id: string, lot: string, reason: string) => post('/api/lot-holds', { item_id, lot, reason }),
  releaseLot: (id: string, reason: string) => post(`/api/lot-holds/${id}/release`, { reason }),
  report: (id: string) => get<NumberReport>(`/api/number-reports/${id}`),
  doubt: (body: { report_id: string; site_id: string; figure: string; shown: number; asked: Record<string, string>; note: string }) => post('/api/number-reports', body),
  reconcile: (site: string) => post<{ run_id: string }>(`/api/sites/${site}/reconciliations`),
  run: (id: string) => get<ReconcileRun>(`/api/reconciliations/${id}`),
  runs: (site: string) => get<{ runs: ReconcileRun[]; differences: Difference[] }>('/api/reconciliations', { site }),
}

export const differences = {
  list: (query: Query) => get<Differences>('/api/differences', query),
  assign: (id: string, person_id: string) => post(`/api/differences/${id}/assignment`, { person_id }),
}

export type Finding = {
  code: string; weight: 'stops' | 'may' | 'fine'; facts: Record<string, unknown>; units: number; named: Record<string, Named>
  fix: { do: string; may: boolean; ask: string[] } | null
} // prettier-ignore
export type Fresh = {
  last_entry_at: Millis; reconciled_at: Millis; queue: number; oldest_event_at: Millis; worker_at: Millis; devices: number; pending: number; oldest_pending_at: Millis
} // prettier-ignore
export type Explained = {
  findings: Finding[]; person?: { id: string; name: string }; order?: { id: string; number: string; status: string }; item?: ItemRef; fresh?: Fresh
} // prettier-ignore
export const explain = {
  sight: (person: string, order: string) => get<Explained>('/api/explanations/sight', { person, order }),
  stock: (site: string, item: string) => get<Explained>('/api/explanations/stock', { site, item }),
  completion: (order: string) => get<Explained>(`/api/explanations/completion/${order}`),
  people: () => get<Page<{ id: string; name: string; username: string }>>('/api/explanations/people').then(rows),
}

export const losses = {
  list: (query: Query) => get<Page<Loss> & { values: Amount[] }>('/api/losses', query),
  one: (id: string) => get<LossPage>(`/api/losses/${id}`),
  open: (body: { site_id: string; quantity: number; reason: string; difference_id?: string; item_id?: string; status?: string; bin_id?: string; lot?: string; serial?: string }) => post<{ id: string }>('/api/losses', body),
  assign: (id: string, person_id: string) => post(`/api/losses/${id}/assignment`, { person_id }),
  name: (id: string, parties: Party[]) => post(`/api/losses/${id}/parties`, { parties }),
  note: (id: string, note: string) => post(`/api/losses/${id}/notes`, { note }),
  find: (id: string, quantity: number, bin_id: string, note: string) => post(`/api/losses/${id}/finding`, { quantity, bin_id, note }),
  writeOff: (id: string, quantity: number, note: string) => post(`/api/losses/${id}/write-off`, { quantity, note }),
  claim: (id: string, body: { quantity: number; against: string; amount: number; reference: string; note: string }) => post(`/api/losses/${id}/claim`, body),
}

export const alerts = {
  list: (query: Query) => get<Page<Alert>>('/api/alerts', query),
  acknowledge: (id: string) => post(`/api/alerts/${id}/acknowledgement`),
}

export const conflicts = {
  list: (query: Query) => get<Page<Conflict>>('/api/conflicts', query),
  read: (id: string) => get<ConflictPage>(`/api/conflicts/${id}`),
  restoration: (id: string, lost: string) => get<Preview>(`/api/conflicts/${id}/restoration`, { lost }),
  putBack: (id: string, lost: string, note: string, shown: string) => post(`/api/conflicts/${id}/restoration`, { lost, note, shown }),
  reply: (id: string, text: string) => post(`/api/conflicts/${id}/replies`, { text }),
  markRead: (id: string) => post(`/api/conflicts/${id}/replies/reading`),
  figures: (site: string) => get<ConflictFigures>('/api/conflict-figures', { site }),
  demote: (site: string, rule: string, reason: string) => post('/api/demotions', { site_id: site, rule, reason }),
  endDemotion: (id: string, reason: string) => post(`/api/demotions/${id}/ending`, { reason }),
  assign: (id: string, person: string) => post(`/api/conflicts/${id}/assignment`, { person_id: person }),
}

export const counts = {
  list: (query: Query) => get<Page<Count>>('/api/counts', query),
  read: (id: string) => get<CountPage>(`/api/counts/${id}`),
}

export const tasks = {
  list: (query: Query) => get<Page<Task>>('/api/tasks', query),
  raise: (body: NewTask) => post<{ id: string }>('/api/tasks', body),
  withdraw: (id: string, reason: string) => post(`/api/tasks/${id}/withdrawal`, { reason }),
}

export const devices = {
  list: () => get<Device[] | Page<Device>>('/api/devices').then(rows),
  revoke: (id: string) => post(`/api/devices/${id}/revocation`),
  message: (id: string, text: string) => post(`/api/devices/${id}/messages`, { text }),
  codes: () => get<EnrolmentCode[] | Page<EnrolmentCode>>('/api/enrolment-codes').then(rows),
  withdrawCode: (id: string) => post(`/api/enrolment-codes/${id}/withdrawal`),
  makeCode: (body: { site_id: string; uses: number; days: number }) => post<Enrolment>('/api/enrolment-codes', body),
  mutations: (query: Query) => get<Page<MutationRow>>('/api/mutations', query),
  force: (id: string) => post<Done>(`/api/mutations/${id}/forcing`),
  /** A file that a handheld without any network exported: taken in like an upload of its own. */
  bring: async (file: Blob): Promise<OutboxFile> => {
    const path = '/api/outbox-files'
    return read(path, await send(path, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: await file.arrayBuffer(), timeout: 120_000 }))
  },
}

export const people = {
  list: () => get<Person[] | Page<Person>>('/api/people').then(rows),
  create: (body: { username: string; name: string; language: string; password: string }) => post<{ id: string }>('/api/people', body),
  edit: (id: string, body: { name?: string; language?: string }) => patch(`/api/people/${id}`, body),
  grant: (id: string, body: { role: Role; site_id: string; owner_id?: string; valid_from?: string; valid_until?: string }) => post(`/api/people/${id}/grants`, body),
  revokeGrant: (id: string) => remove(`/api/grants/${id}`),
  /** One's own password is changed by giving the current one. */
  password: (id: string, password: string, current = '') => post(`/api/people/${id}/password`, { password, current }),
  badge: (id: string, pin: string) => post<{ badge_text: string }>(`/api/people/${id}/badge`, { pin }),
  disable: (id: string) => post(`/api/people/${id}/disabling`),
  enable: (id: string) => post(`/api/people/${id}/enabling`),
}

export const sites = {
  list: () => get<Site[] | Page<Site>>('/api/sites').then(rows),
  create: (body: Partial<Site>) => post<{ id: string }>('/api/sites', body),
  edit: (id: string, body: Partial<Site>) => patch(`/api/sites/${id}`, body),
  addBin: (zoneId: string, body: { code: string; capacity: number; holds: string }) => post<{ id: string }>(`/api/zones/${zoneId}/bins`, body),
  editBin: (id: string, body: { capacity: number; holds: string; active: boolean }) => patch(`/api/bins/${id}`, body),
}

export const items = (q: string) => get<Item[] | Page<Item>>('/api/items', { q }).then(rows)
export const setStandard = (id: string, standard: { text: string; text_en: string; pictures: ReferencePicture[]; seen: number }) =>
  write('PUT', `/api/items/${id}/standard`, standard)
export const customers = (q: string) => get<Customer[] | Page<Customer>>('/api/customers', { q }).then(rows)
export const outbound = {
  find: (query: Query) => get<Outbound[] | Page<Outbound>>('/api/outbound', query).then(rows),
  read: (id: string) => get<{ order: Outbound; lines: OutboundLine[] }>(`/api/outbound/${id}`),
}

export const photo = (sha256: string, size: 'thumb' | 'full') => `/api/photos/${sha256}?size=${size}`

/** Uploads a picture as it is, named by its SHA-256, which it gives back. Sent again, it is there already. */
export const addPhoto = (file: Blob, site: string) => upload(file, (sha256) => address(`/api/photos/${sha256}`, { site }))
/** A paper of a return: a PDF or a picture. */
export const addPaper = (file: Blob, order: string) => upload(file, (sha256) => `/api/papers/${order}/${sha256}`)
export const paper = (order: string, sha256: string) => `/api/papers/${order}/${sha256}`

async function upload(file: Blob, to: (sha256: string) => string): Promise<string> {
  const bytes = await file.arrayBuffer()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const path = to(sha256)
  await read(path, await send(path, { method: 'PUT', timeout: 120_000, headers: { 'Content-Type': file.type || 'image/jpeg' }, body: bytes }))
  return sha256
}

/** Short lists come bare or as a page; the desk shows rows either way. */
function rows<Row>(answer: Row[] | Page<Row>): Row[] {
  return Array.isArray(answer) ? answer : answer.rows
}

// —— what happens meanwhile —————————————————————————————————————————————————————————————————————————————

/** Calls back whenever a feed this person may read has moved. Returns how to stop. EventSource reconnects by itself. */
export function listen(onPoke: (heads: Record<string, number>) => void): () => void {
  const source = new EventSource('/api/events/stream', { withCredentials: true })
  source.addEventListener('poke', (event) => {
    const poke = JSON.parse((event as MessageEvent<string>).data) as { heads?: Record<string, number> }
    onPoke(poke.heads ?? {})
  })
  return () => source.close()
}
