// A server in memory for the tests of this folder: numbers, outcomes, feeds and cursors as DESIGN says, and faults on demand. What the real
// server answers is tested against the real server.

import { scrypt } from '@noble/hashes/scrypt.js'

import { normalWaybill } from './numbers'
import type { ChangeOut, MutationIn, PullResponse, PushRequest, Result, Status, WaybillPage } from './protocol'

type Doc = Record<string, unknown> & { id: string }

const CATALOGUE = ['owner', 'site', 'zone', 'bin', 'item', 'barcode', 'customer', 'return_type', 'carrier', 'person', 'grant']

export class FakeServer {
  epoch = 'epoch-1'
  lastSeq = 0
  revoked = false
  pageSize = 1000
  docs = new Map<string, Doc>()
  changes: Record<string, ChangeOut[]> = { catalogue: [], 'site:s1': [] }
  outcomes = new Map<number, { mutation: MutationIn; status: Status; code: string }>()
  applied = new Map<string, number>()
  blobs = new Map<string, number>()
  devices = 0
  carryKey = ''
  /** What the list of waybills says next, page by page; each cursor is a number of pages. */
  waybills: Partial<WaybillPage>[] = []
  /** What becomes of outbox files that are brought. */
  brought: ArrayBuffer[] = []
  refuseFiles = ''
  requests: string[] = []

  /** Faults. `loseAnswers`: so many pushes are carried out and their answer is lost. */
  unreachable = false
  now = () => Date.now()
  loseAnswers = 0
  failPulls = 0
  failBlobs = 0
  failPullsAfter = Infinity
  judge: (mutation: MutationIn) => { status: Status; code?: string } | null = () => null
  beforeAnswer: () => Promise<void> = async () => {}

  put(kind: string, value: Doc): void {
    this.docs.set(`${kind} ${value.id}`, value)
    this.feed(kind).push({ kind, key: value.id, value })
  }

  drop(kind: string, id: string): void {
    this.docs.delete(`${kind} ${id}`)
    this.feed(kind).push({ kind, key: id, op: 'drop' })
  }

  get<T = Doc>(kind: string, id: string): T | undefined {
    return this.docs.get(`${kind} ${id}`) as T | undefined
  }

  private feed(kind: string): ChangeOut[] {
    return this.changes[CATALOGUE.includes(kind) ? 'catalogue' : 'site:s1']!
  }

  /** As it was: another epoch, and everything since is gone. */
  snapshot(): () => void {
    const kept = structuredClone({ docs: this.docs, changes: this.changes, outcomes: this.outcomes, applied: this.applied, lastSeq: this.lastSeq })
    return () => {
      Object.assign(this, structuredClone(kept))
      this.epoch = `epoch-${Math.random()}`
    }
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input))
    const method = init?.method ?? 'GET'
    if (this.unreachable) throw new TypeError('fetch failed')
    this.requests.push(`${method} ${url.pathname}`)
    await this.beforeAnswer()
    if (url.pathname === '/api/enrolments') {
      this.devices++
      this.lastSeq = 0
      this.outcomes.clear()
      this.revoked = false
      return json({ device_id: `d${this.devices}`, code: `A${this.devices}`, token: `token-${this.devices}`, site_id: 's1', epoch: this.epoch })
    }
    if (url.pathname === '/api/outbox-files') {
      if (this.refuseFiles) return problem(409, 'wrong_state', { detail: this.refuseFiles })
      this.brought.push(init?.body as ArrayBuffer)
      return json({ receipt: 'RSTW:ARRIVED-2-0123456789', receipt_svg: '<svg/>' })
    }
    if (url.pathname.startsWith('/blobs/')) return this.blob(method, url.pathname.slice(7), init?.body as Blob)
    if (url.pathname === '/sync/v1/events') return new Response(null, { status: 404 })
    if (url.pathname === '/sync/v1/push') return this.push((await body(init!)) as PushRequest)
    if (this.revoked) return problem(403, 'revoked')
    if (url.pathname === '/sync/v1/feeds')
      return json({ epoch: this.epoch, carry_key: this.carryKey, feeds: Object.keys(this.changes), heads: this.heads(), device: { site_id: 's1' }, server_time: this.now() })
    if (url.pathname === '/sync/v1/waybills') return this.list(Number(url.searchParams.get('cursor') ?? 0))
    if (url.pathname.startsWith('/sync/v1/pull/'))
      return this.pull(decodeURIComponent(url.pathname.slice('/sync/v1/pull/'.length)), url.searchParams.get('cursor') ?? '')
    return problem(404, 'not_found')
  }

  private list(from: number): Response {
    const none = { waybill: [], number: [], carrier: [], day: [] }
    const to = Math.min(from + 1, this.waybills.length)
    return json({
      epoch: this.epoch, cursor: String(to), revision: to, more: to < this.waybills.length, reset: false, since: 0, outbound: none, parcels: none, ...this.waybills[from],
    } satisfies WaybillPage)
  }

  private push(request: PushRequest): Response {
    const before = { lastSeq: this.lastSeq, outcomes: new Map(this.outcomes) }
    let lost = request.lost
    const gap = () => {
      const expected = this.lastSeq + 1
      Object.assign(this, before)
      return problem(409, 'gap', { expected })
    }
    const results: Result[] = []
    for (const mutation of request.mutations) {
      const { seq, id } = mutation
      if (lost?.first === this.lastSeq + 1) {
        this.lastSeq = lost.last
        lost = null
      }
      const known = this.outcomes.get(seq)
      if (seq <= this.lastSeq) {
        if (known && known.mutation.id !== id) return problem(409, 'device_forked', { seq })
        results.push({ seq, id, status: known?.status ?? 'rejected', dup: true, code: known?.code ?? 'lost', detail: known ? '' : 'This number was declared lost.' })
        continue
      }
      if (seq !== this.lastSeq + 1) return gap()
      const judged = this.judge(mutation)
      const status = judged?.status ?? 'applied'
      if (status === 'deferred') {
        results.push({ seq, id, status, retry_after: 1 })
        break
      }
      this.lastSeq = seq
      const first = !this.applied.has(id)
      this.applied.set(id, (this.applied.get(id) ?? 0) + 1)
      if (first && (status === 'applied' || status === 'conflict')) this.carryOut(mutation)
      this.outcomes.set(seq, { mutation, status, code: judged?.code ?? '' })
      results.push({ seq, id, status, code: judged?.code ?? '', conflict: status === 'conflict' ? `conflict-${seq}` : '' })
    }
    if (lost && lost.first !== this.lastSeq + 1) return gap()
    if (lost) this.lastSeq = lost.last
    if (this.loseAnswers > 0) {
      this.loseAnswers--
      throw new TypeError('connection reset')
    }
    if (this.revoked) return problem(403, 'revoked', { device_last_seq: this.lastSeq })
    return json({ epoch: this.epoch, device_last_seq: this.lastSeq, heads: this.heads(), server_time: this.now(), results })
  }

  /** What was held is carried out now, as when its subject has arrived. */
  release(seq: number): void {
    const known = this.outcomes.get(seq)!
    this.outcomes.set(seq, { ...known, status: 'applied' })
    this.carryOut(known.mutation)
  }

  carryOut({ name, args, by }: MutationIn): void {
    const a = args as Record<string, string> & { quantity?: number }
    if (name === 'sign_parcel') {
      const known = this.get('parcel', a.parcel_id!)
      this.put('parcel', {
        ...parcel(a.parcel_id!, normalWaybill(a.waybill!)), ...known, signed_by: by, signed_count: Number(known?.signed_count ?? 0) + 1, signed_at: 1,
      })
    } else if (name === 'scan_item') {
      const quantity = a.quantity ?? 1
      const line = this.get('return_line', a.line_id!) ?? returnLine(a.line_id!, a.order_id!, a.item_id ?? '', 0)
      this.put('return_line', { ...line, received: Number(line.received) + quantity })
      const order = this.get('return_order', a.order_id!)
      if (order?.status === 'approved') this.put('return_order', { ...order, status: 'receiving' })
    } else if (name === 'submit_return') {
      this.put('return_order', { ...this.get('return_order', a.order_id!)!, status: 'submitted' })
    } else if (name === 'take_task') {
      this.put('return_order', { ...this.get('return_order', a.order_id!)!, claimed_by: by })
    }
  }

  private heads(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.changes).map(([name, changes]) => [name, changes.length]))
  }

  private pull(feed: string, cursor: string): Response {
    if (this.failPulls > 0 || this.failPullsAfter-- <= 0) {
      this.failPulls--
      throw new TypeError('fetch failed')
    }
    const [epoch, at] = cursor ? cursor.split('|') : [this.epoch, '0']
    const reset = epoch !== this.epoch
    const from = reset ? 0 : Number(at)
    const all = this.changes[feed]!
    const page = all.slice(from, from + this.pageSize)
    const to = from + page.length
    const answer: PullResponse = {
      epoch: this.epoch, feed, cursor: `${this.epoch}|${to}`, revision: to, more: to < all.length, reset, device_last_seq: this.lastSeq, changes: page,
    }
    return json(answer)
  }

  private async blob(method: string, hash: string, sent?: Blob): Promise<Response> {
    if (this.failBlobs-- > 0) throw new TypeError('connection reset')
    if (method === 'HEAD') return new Response(null, { status: this.blobs.has(hash) ? 200 : 404 })
    const bytes = await sent!.arrayBuffer()
    this.blobs.set(hash, bytes.byteLength)
    return json({ sha256: hash, size: bytes.byteLength })
  }
}

const json = (value: unknown) => new Response(JSON.stringify(value), { headers: { 'Content-Type': 'application/json' } })

const problem = (status: number, code: string, facts: object = {}) =>
  new Response(JSON.stringify({ code, status, detail: code, ...facts }), { status, headers: { 'Content-Type': 'application/problem+json' } })

async function body(init: RequestInit): Promise<unknown> {
  const headers = new Headers(init.headers)
  if (headers.get('Content-Encoding') !== 'gzip') return JSON.parse(String(init.body))
  const stream = new Blob([init.body as ArrayBuffer]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Response(stream).json()
}

// Documents

export const parcel = (id: string, waybill: string) => ({
  id, site_id: 's1', carrier: '', waybill, state: 'signed', load_id: '', door_id: '', signed_by: '', signed_at: 0, signed_count: 0, opened_at: 0,
  unclaimed_at: 0, order_ids: [], claimed_by: '', refused_reason: '', damage: '', photos: [], note: '',
})

export const returnOrder = (id: string, more: object = {}) => ({
  id, number: 'RT-D0-00013', site_id: 's1', owner_id: '', customer_id: 'c1', status: 'approved', type_code: 't', reason_code: '', note: '', origin: 'filed',
  authorised: true, revision: 1, content: 1, filed_by: '', submitted_by: '', reviewed_at: 1, rejection: '', claimed_by: '', created_at: 1,
  completed_at: 0, held_status: '', stub: false, ...more,
})

export const returnLine = (id: string, order_id: string, item_id: string, expected: number, more: object = {}) => ({
  id, order_id, site_id: 's1', item_id, text: '', outbound_line_id: '', expected, received: 0, inspected: 0, disposed: 0, closed: 0, short: 0, lost: 0,
  refused: 0, lot: '', serials: [] as string[], note: '', removed: false, stub: false, ...more,
})

export const goods = (id: string, more: object = {}) => ({
  id, owner_id: 'o1', sku: id.toUpperCase(), name: `品${id}`, name_en: `Item ${id}`, spec: '', uom: '件', lot_tracked: false, serial_tracked: false,
  binds_lot: false, expiry_tracked: false, shelf_life_days: 0, min_days_to_sell: 0, accessories: [], steps: [], hazard: false, active: true, ...more,
})

export const code = (id: string, item_id: string, text: string, quantity = 1) => ({ id, item_id, owner_id: 'o1', text, quantity, level: 'each' })

export const place = (id: string, kind: string) => ({ id, site_id: 's1', zone_id: `z-${kind}`, code: id.toUpperCase(), kind, active: true })

/** Whose badge is B-7K2M with this secret. */
export function person(id: string, secret: string, pin: string, more: object = {}) {
  const salt = new Uint8Array([1, 2, 3, 4])
  const hash = scrypt(new TextEncoder().encode(`${secret}:${pin}`), salt, { N: 1024, r: 8, p: 1, dkLen: 32 })
  const text = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))
  return { id, username: id, name: id, language: 'zh-CN', badge: '7K2M', pin_verifier: `scrypt$1024$8$1$${text(salt)}$${text(hash)}`, disabled_at: 0, ...more }
}
