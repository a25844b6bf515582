// What each command does to the view before the server has answered: one twin for every command a handheld may send.
// Equal in meaning to the functions of server/domain, which decide; a pull replaces what is guessed here by what is so.

import { DISPOSED } from './disposed'
import { derivedId } from './ids'
import { normalWaybill } from './numbers'
import type {
  AnswerTask, Bin, Commands, Container, CountedLine, DeviceCommand, Disposition, Inspection, Item, LineDraft, Parcel, Receipt, ReturnLine,
  ReturnOrder, StockBalance, StockStatus, Task,
} from './protocol'
import type { Context, Effect, Layer } from './view'

type Effects = { [Name in DeviceCommand]: (view: Layer, args: Commands[Name], context: Context) => Promise<void> | void }

const UNDER_WAY = ['receiving', 'inspecting', 'disposing', 'completed']

const EFFECTS_BY_NAME: Effects = {
  // At the dock

  async sign_parcel(view, args, { by, at }) {
    const known = await view.get('parcel', args.parcel_id)
    if (known?.signed_at) return view.put('parcel', known.id, { ...known, signed_count: known.signed_count + 1 })
    view.put('parcel', args.parcel_id, {
      ...(known ?? parcelStub(args.parcel_id, args.site_id)),
      carrier: args.carrier ?? '',
      waybill: normalWaybill(args.waybill),
      load_id: args.load_id ?? '',
      door_id: args.door_id ?? '',
      signed_by: by,
      signed_at: at,
      signed_count: 1,
    })
  },

  async refuse_parcel(view, args, context) {
    await withParcel(view, args.parcel_id, context, () => ({ state: 'refused', refused_reason: args.reason }))
  },

  async note_damage(view, args, context) {
    await withParcel(view, args.parcel_id, context, (parcel) => ({ damage: args.damage, photos: [...parcel.photos, ...photosOf(args.photos)] }))
  },

  async close_load(view, args, { by, at }) {
    if (await view.get('load', args.load_id)) return
    const { load_id: id, site_id, carrier, counted, listed = -1 } = args
    view.put('load', id, { id, site_id, carrier, counted, listed, closed_at: at, closed_by: by })
  },

  async open_parcel(view, args, context) {
    await withParcel(view, args.parcel_id, context, (parcel) =>
      parcel.state === 'signed' ? { state: 'opened', opened_at: context.at } : {},
    )
  },

  async bind_parcel(view, args, context) {
    await withParcel(view, args.parcel_id, context, (parcel) => ({ order_ids: joined(parcel.order_ids, args.order_id) }))
  },

  async close_parcel(view, args, context) {
    await withParcel(view, args.parcel_id, context, (parcel) => {
      const photos = [...parcel.photos, ...photosOf(args.photos)]
      const note = args.empty ? 'empty' : parcel.note
      if (args.unclaimed && parcel.state !== 'claimed')
        return { photos, note, state: 'unclaimed', unclaimed_at: parcel.unclaimed_at || context.at }
      return { photos, note, state: parcel.state === 'unclaimed' ? 'unclaimed' : 'done' }
    })
    const parcel = await view.get('parcel', args.parcel_id)
    if (parcel?.state !== 'unclaimed') return
    for (const id of parcel.order_ids)
      await view.patch('return_order', id, (order): Partial<ReturnOrder> => (order.origin === 'without_order' && !order.customer_id ? { origin: 'unclaimed' } : {}))
  },

  // Totes

  async use_container(view, args, { by, at }) {
    const known = await view.get('container', args.container_id)
    if (known?.label) return view.put('container', known.id, { ...known, outcome: args.outcome || known.outcome })
    view.put('container', args.container_id, {
      id: args.container_id,
      site_id: args.site_id,
      label: args.label,
      kind: (args.kind ?? 'tote') as Container['kind'],
      bin_id: known?.bin_id || (args.bin_id ?? ''),
      outcome: args.outcome ?? '',
      created_by: by,
      created_at: at,
    })
  },

  async move_container(view, args, context) {
    const container = await containerOrStub(view, args.container_id, context)
    const target = await view.get('bin', args.bin_id)
    if (!target || container.bin_id === target.id) return
    const site = container.site_id || target.site_id
    for (const balance of await view.find('stock_balance', 'container_id', container.id)) {
      if (balance.quantity === 0) continue
      const item = await view.get('item', balance.item_id)
      const place = { status: balance.status, bin_id: balance.bin_id, container_id: container.id }
      if (item) await move(view, site, item, balance.quantity, place, { ...place, bin_id: target.id }, balance)
    }
    view.put('container', container.id, { ...container, bin_id: target.id })
    const orders = new Set<string>()
    for (const disposition of await view.find('disposition', 'container_id', container.id)) {
      if (disposition.state === 'void') continue
      const fits = DISPOSED[disposition.kind].zones.includes(target.kind)
      const put_away = fits ? disposition.quantity : disposition.put_away
      view.put('disposition', disposition.id, { ...disposition, bin_id: target.id, put_away })
      if (fits) {
        orders.add(disposition.order_id)
        await settle(view, disposition.id)
      }
    }
    for (const id of orders) await progress(view, id, context.at)
  },

  // Receiving

  async open_return_without_order(view, args, { by, at }) {
    const known = await view.get('return_order', args.order_id)
    if (known && !known.stub) return
    view.put('return_order', args.order_id, {
      ...(known ?? orderStub(args.order_id, args.site_id, at)),
      number: args.number,
      site_id: args.site_id,
      customer_id: args.customer_id ?? '',
      type_code: args.type_code ?? '',
      note: args.note ?? '',
      origin: 'without_order',
      status: 'receiving',
      filed_by: by,
      created_at: at,
      stub: false,
    })
    await progress(view, args.order_id, at)
  },

  async scan_item(view, args, { by, device, at }) {
    if (await view.get('receipt', args.receipt_id)) return
    const quantity = args.quantity ?? 1
    const order = (await view.get('return_order', args.order_id)) ?? orderStub(args.order_id, args.site_id, at)
    if (order.stub) view.put('return_order', order.id, order)
    const known = await view.get('return_line', args.line_id)
    let line = known ?? lineStub(args.line_id, order.id, order.site_id)
    if (line.stub) {
      // New, or inspected on a handheld whose work came first.
      const item_id = args.item_id ?? ''
      line = { ...line, order_id: order.id, item_id, text: item_id ? '' : (args.text ?? ''), lot: args.lot ?? '', stub: false }
      for (const each of known ? await view.find('inspection', 'line_id', line.id) : [])
        view.put('inspection', each.id, { ...each, order_id: order.id, item_id })
    }
    view.put('return_line', line.id, { ...line, received: line.received + quantity, removed: false })
    const bin_id = await receivingBin(view, order.site_id, args.bin_id, args.container_id)
    const receipt: Receipt = {
      id: args.receipt_id,
      site_id: order.site_id,
      order_id: order.id,
      line_id: line.id,
      parcel_id: args.parcel_id ?? '',
      container_id: args.container_id ?? '',
      bin_id,
      item_id: args.item_id ?? '',
      quantity,
      unreceived: 0,
      lot: args.lot ?? '',
      expiry: args.expiry ?? '',
      serial: args.serial ?? '',
      text: args.text ?? '',
      symbology: args.symbology ?? '',
      catalogue_revision: args.catalogue_revision ?? 0,
      customer_id: order.customer_id,
      device_id: device,
      by,
      made_at: at,
      at,
    }
    view.put('receipt', receipt.id, receipt)
    const item = await view.get('item', receipt.item_id)
    if (item) await move(view, order.site_id, item, quantity, OUT, { status: 'quarantine', bin_id, container_id: receipt.container_id }, receipt)
    await progress(view, order.id, at)
  },

  async unreceive(view, args, { at }) {
    const receipt = await view.get('receipt', args.receipt_id)
    if (!receipt || args.quantity <= 0 || args.quantity > receipt.quantity - receipt.unreceived) return
    const line = await view.get('return_line', receipt.line_id)
    if (!line || line.inspected > line.received - args.quantity) return
    view.put('receipt', receipt.id, { ...receipt, unreceived: receipt.unreceived + args.quantity })
    view.put('return_line', line.id, { ...line, received: line.received - args.quantity })
    const item = await view.get('item', receipt.item_id)
    const place = { status: 'quarantine' as const, bin_id: receipt.bin_id, container_id: receipt.container_id }
    if (item) await transfer(view, receipt.site_id, item, args.quantity, place, OUT, receipt, true)
    await progress(view, line.order_id, at)
  },

  async map_barcode(view, args, { at }) {
    const item = await view.get('item', args.item_id)
    if (!item) return
    const { barcode_id: id, text, quantity = 1 } = args
    view.put('barcode', id, { id, item_id: item.id, owner_id: item.owner_id, text, quantity, level: 'each' })
    const waiting = (await view.find('receipt', 'text', text)).filter((receipt) => !receipt.item_id)
    for (const receipt of waiting.sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const scans = receipt.quantity - receipt.unreceived
      const units = scans * quantity
      const source = await view.patch('return_line', receipt.line_id, (line) => ({ item_id: line.item_id || item.id, received: line.received + units - scans }))
      const place = { status: 'quarantine' as const, bin_id: receipt.bin_id, container_id: receipt.container_id }
      await move(view, receipt.site_id, item, units, OUT, place, receipt)
      const target = source && units ? await lineFor(view, source, item.id) : source
      view.put('receipt', receipt.id, {
        ...receipt, item_id: item.id, quantity: receipt.quantity * quantity, unreceived: receipt.unreceived * quantity, line_id: target?.id ?? receipt.line_id,
      })
      if (!source || !target || target.id === source.id) continue
      await view.patch('return_line', source.id, (line) => ({ received: line.received - units }))
      await view.patch('return_line', target.id, (line) => ({ received: line.received + units }))
      await progress(view, source.order_id, at)
    }
  },

  // Inspecting and disposing

  async inspect(view, args, { by, device, at }) {
    if (await view.get('inspection', args.inspection_id)) return
    const line = (await view.get('return_line', args.line_id)) ?? lineStub(args.line_id, '', args.site_id)
    const others = (await view.find('inspection', 'line_id', line.id)).filter((each) => !each.superseded_by)
    const earlier = args.serial ? others.filter((each) => each.serial === args.serial && each.id !== args.supersedes).at(-1) : undefined
    const same = earlier && earlier.verdict === args.verdict && earlier.grade === args.grade
    const inspection: Inspection = {
      id: args.inspection_id,
      site_id: args.site_id,
      order_id: line.order_id,
      line_id: line.id,
      item_id: line.item_id,
      quantity: speaksFor(args, others),
      sampled: args.sampled ?? 0,
      tranche: args.sampled ? args.quantity : 0,
      serial: args.serial ?? '',
      lot: args.lot ?? '',
      container_id: args.container_id ?? '',
      verdict: args.verdict,
      grade: args.grade,
      checks: args.checks.map((check) => ({ severity: '', defects: [], note: '', ...check })),
      photos: (args.photos ?? []).map((photo) => ({ kind: 'whole', ...photo })),
      steps: (args.steps ?? []) as Inspection['steps'],
      note: args.note ?? '',
      supersedes: args.supersedes ?? '',
      superseded_by: same ? earlier.id : '',
      device_id: device,
      by,
      made_at: at,
      at,
    }
    view.put('inspection', inspection.id, inspection)
    let counted = inspection.quantity
    if (args.supersedes) {
      const corrected = await view.patch('inspection', args.supersedes, { superseded_by: inspection.id })
      counted = corrected ? inspection.quantity - corrected.quantity : 0
    } else if (earlier) counted = 0
    if (same) view.put('inspection', earlier.id, { ...earlier, photos: [...earlier.photos, ...inspection.photos] })
    view.put('return_line', line.id, { ...line, inspected: line.inspected + counted })
    await progress(view, line.order_id, at)
    if (inspection.sampled && inspection.verdict === 'fail') await inspectAll(view, inspection, { by, at })
    for (const task of await view.find('task', 'line_id', line.id)) {
      if (task.kind !== 'reinspect' || task.state !== 'open' || task.serial !== inspection.serial) continue
      const sample = task.subject_kind === 'Inspection' ? await view.get('inspection', task.subject_id) : null
      if (sample?.sampled && (await notLookedAt(view, sample)) > 0) continue
      answered(view, task, { note: `${args.verdict} ${args.grade}` }, { by, at })
    }
  },

  async dispose(view, args, { by, device, at }) {
    if (await view.get('disposition', args.disposition_id)) return
    const line = await view.get('return_line', args.line_id)
    const order = line && (await view.get('return_order', line.order_id))
    if (!line || !order || line.stub || order.stub || args.quantity <= 0 || order.origin === 'unclaimed') return
    const clash = args.quantity > line.inspected - line.disposed
    if (clash && !line.disposed) return
    const item = await view.get('item', line.item_id)
    const lot = { lot: args.lot ?? '', expiry: args.expiry ?? '', serial: args.serial ?? '' }
    if (args.to_container_id && item) await putInto(view, args.to_container_id, item, args.quantity, args.container_id ?? '', lot, args.site_id)
    const disposition: Disposition = {
      id: args.disposition_id,
      site_id: order.site_id,
      order_id: order.id,
      line_id: line.id,
      inspection_id: args.inspection_id ?? '',
      item_id: line.item_id,
      quantity: args.quantity,
      posted: 0,
      kind: args.kind,
      state: clash ? 'proposed' : 'decided',
      reason: args.reason ?? '',
      ...lot,
      container_id: args.to_container_id || args.container_id || '',
      bin_id: '',
      put_away: 0,
      sent: 0,
      replacement: '',
      device_id: device,
      by,
      decided_by: '',
      made_at: at,
      at,
    }
    view.put('disposition', disposition.id, disposition)
    if (clash) return
    view.put('return_line', line.id, { ...line, disposed: line.disposed + args.quantity })
    await settle(view, disposition.id)
    await progress(view, order.id, at)
  },

  async put_away(view, args, { at }) {
    const line = await view.get('return_line', args.line_id)
    const item = line && (await view.get('item', line.item_id))
    const target = await view.get('bin', args.bin_id)
    if (!line || !item || !target || args.quantity <= 0) return
    const lot = { lot: args.lot ?? '', expiry: args.expiry ?? '', serial: args.serial ?? '' }
    let left = args.quantity
    for (const disposition of await toPutAway(view, line.id, args.container_id ?? '', lot.serial, target)) {
      const units = Math.min(left, disposition.quantity - disposition.put_away)
      if (units <= 0) break
      const status = disposition.posted < disposition.quantity ? 'quarantine' : DISPOSED[disposition.kind].status
      const place = { status, bin_id: disposition.bin_id, container_id: args.container_id || disposition.container_id }
      await transfer(view, line.site_id, item, units, place, { status, bin_id: target.id, container_id: '' }, lot)
      view.put('disposition', disposition.id, { ...disposition, put_away: disposition.put_away + units, bin_id: target.id, container_id: '' })
      await settle(view, disposition.id)
      left -= units
    }
    if (left) {
      const place = { status: 'quarantine' as const, bin_id: '', container_id: args.container_id ?? '' }
      await transfer(view, line.site_id, item, left, place, { status: 'quarantine', bin_id: target.id, container_id: '' }, lot)
    }
    await progress(view, line.order_id, at)
  },

  // Counting, and what somebody is asked to do

  async count_bin(view, args, context) {
    const target = await view.get('bin', args.bin_id)
    if (!target) return
    for (const id of args.containers ?? []) {
      const container = await containerOrStub(view, id, context)
      if (container.bin_id !== target.id) await EFFECTS_BY_NAME.move_container(view, { container_id: id, bin_id: target.id }, context)
    }
    for (const id of args.missing ?? []) {
      const container = await view.get('container', id)
      if (container?.bin_id !== target.id) continue
      view.put('container', id, { ...container, bin_id: '' })
      for (const balance of await view.find('stock_balance', 'container_id', id)) {
        const item = await view.get('item', balance.item_id)
        const place = { status: balance.status, bin_id: balance.bin_id, container_id: id }
        if (item) await move(view, args.site_id, item, balance.quantity, place, { ...place, bin_id: '' }, balance)
      }
    }
    for (const line of args.lines) await adjust(view, args.site_id, target.id, line)
    let found = 0
    for (const line of args.lines) found += line.counted
    for (const task of await view.find('task', 'bin_id', target.id)) {
      const asked = task.id === args.task_id || (args.finished !== false && task.kind === 'recount' && !task.line_id)
      if (asked) answered(view, task, { found }, context)
    }
  },

  async read_message(view, { message_id }) {
    view.remove('device_message', message_id) // what is read leaves the feed
  },

  async answer_task(view, args, context) {
    const task = await view.get('task', args.task_id)
    if (task) answered(view, task, args, context)
  },

  // The document

  async take_task(view, args, { by }) {
    await view.patch('return_order', args.order_id, { claimed_by: by })
  },

  async complete_return(view, args, { at }) {
    await progress(view, args.order_id, at)
    const order = await view.get('return_order', args.order_id)
    if (!order || order.status === 'completed' || !order.authorised || (await blocked(view, order.id))) return
    const lines = await linesOf(view, order.id)
    if (lines.some((line) => missing(line) > 0 || line.inspected < line.received || line.closed < line.received)) return
    view.put('return_order', order.id, { ...order, status: 'completed', completed_at: at })
  },

  async create_return(view, args, { by, at }) {
    const known = await view.get('return_order', args.order_id)
    if (known && !known.stub) return
    const order: ReturnOrder = {
      ...(known ?? orderStub(args.order_id, args.site_id, at)),
      number: args.number,
      site_id: args.site_id,
      owner_id: args.owner_id ?? '',
      customer_id: args.customer_id ?? '',
      type_code: args.type_code,
      reason_code: args.reason_code ?? '',
      note: args.note ?? '',
      origin: 'filed',
      status: known && UNDER_WAY.includes(known.status) ? known.status : 'draft',
      filed_by: by,
      created_at: at,
      stub: false,
    }
    view.put('return_order', order.id, order)
    for (const draft of args.lines ?? []) await putLine(view, order, draft)
  },

  async edit_return(view, args, { at }) {
    const order = await view.get('return_order', args.id)
    if (!order || !changes(order, args.set)) return
    view.put('return_order', order.id, { ...order, ...(args.set as Partial<ReturnOrder>), content: order.content + 1 })
    await progress(view, order.id, at)
  },

  async edit_return_line(view, args, { at }) {
    const line = await view.get('return_line', args.id)
    if (!line || !changes(line, args.set)) return
    view.put('return_line', line.id, { ...line, ...(args.set as Partial<ReturnLine>) })
    await view.patch('return_order', line.order_id, (order) => ({ content: order.content + 1 }))
    await progress(view, line.order_id, at)
  },

  async add_return_line(view, args) {
    const order = await view.patch('return_order', args.order_id, (now) => ({ content: now.content + 1 }))
    if (order) await putLine(view, order, args.line)
  },

  async remove_return_line(view, args) {
    const line = await view.get('return_line', args.line_id)
    if (!line || line.removed || line.received) return
    view.remove('return_line', line.id) // what is struck leaves the feed
    await view.patch('return_order', line.order_id, (order) => ({ content: order.content + 1 }))
  },

  // The same in the one shape of all editable nouns

  async create_record(view, { kind, id, set }, context) {
    if (kind === 'return_order') await EFFECTS_BY_NAME.create_return(view, { order_id: id, ...set } as Commands['create_return'], context)
    if (kind === 'return_line') {
      const { order_id, expected, ...line } = set as unknown as Commands['add_return_line']['line'] & { order_id: string; expected: number }
      await EFFECTS_BY_NAME.add_return_line(view, { order_id, line: { ...line, line_id: id, quantity: expected } }, context)
    }
  },

  async edit_record(view, { kind, ...edit }, context) {
    if (kind === 'return_order') await EFFECTS_BY_NAME.edit_return(view, edit, context)
    if (kind === 'return_line') await EFFECTS_BY_NAME.edit_return_line(view, edit, context)
  },

  async remove_record(view, { kind, id, was, reason }, context) {
    if (kind === 'return_order') await EFFECTS_BY_NAME.cancel_return(view, { order_id: id, reason: reason ?? '', was }, context)
    if (kind === 'return_line') await EFFECTS_BY_NAME.remove_return_line(view, { line_id: id, was }, context)
  },

  async submit_return(view, args, { by }) {
    await view.patch('return_order', args.order_id, (order): Partial<ReturnOrder> =>
      order.status === 'draft' || order.status === 'rejected' ? { status: 'submitted', submitted_by: by, rejection: '' } : {},
    )
  },

  // A reservation is the server's to give and to take back: it is there when a pull has brought it.

  take_claim() {},

  give_back_claim() {},

  async reply_to_conflict(view, { reply_id: id, conflict_id, text = '', photos = [] }, { by, at, site, device }) {
    const conflict = await view.get('conflict', conflict_id)
    if (!id || (await view.get('reply', id))) return
    view.put('reply', id, {
      id, site_id: conflict?.site_id ?? site, order_id: conflict?.order_id ?? '', conflict_id, text: text.trim(), photos, device_id: device, by,
      made_at: at, at,
    })
  },

  async cancel_return(view, args) {
    const lines = await linesOf(view, args.order_id)
    if (lines.some((line) => line.received)) return
    await view.patch('return_order', args.order_id, (order): Partial<ReturnOrder> =>
      ['draft', 'submitted', 'rejected', 'approved'].includes(order.status) ? { status: 'cancelled', authorised: false } : {},
    )
  },
}

export { DISPOSED }

export const EFFECTS = EFFECTS_BY_NAME as unknown as Record<DeviceCommand, Effect>

// Documents that begin here, as the server begins them.

function parcelStub(id: string, site_id: string): Parcel {
  return {
    id, site_id, carrier: '', waybill: '', state: 'signed', load_id: '', door_id: '', signed_by: '', signed_at: 0, signed_count: 0, opened_at: 0,
    unclaimed_at: 0, order_ids: [], claimed_by: '', refused_reason: '', damage: '', photos: [], note: '',
  }
}

function orderStub(id: string, site_id: string, at: number): ReturnOrder {
  return {
    id, number: '', site_id, owner_id: '', customer_id: '', status: 'receiving', type_code: '', reason_code: '', note: '', origin: 'without_order',
    authorised: false, revision: 1, content: 0, filed_by: '', submitted_by: '', reviewed_at: 0, rejection: '', claimed_by: '',
    created_at: at, completed_at: 0, held_status: '', stub: true,
  }
}

function lineStub(id: string, order_id: string, site_id: string): ReturnLine {
  return {
    id, order_id, site_id, item_id: '', text: '', outbound_line_id: '', expected: 0, received: 0, inspected: 0, disposed: 0, closed: 0, short: 0,
    lost: 0, refused: 0, lot: '', serials: [], note: '', removed: false, stub: true,
  }
}

async function containerOrStub(view: Layer, id: string, { site, by, at }: Pick<Context, 'site' | 'by' | 'at'>): Promise<Container> {
  return (
    (await view.get('container', id)) ?? { id, site_id: site, label: '', kind: 'tote', bin_id: '', outcome: '', created_by: by, created_at: at }
  )
}

async function withParcel(view: Layer, id: string, { site }: Context, change: (parcel: Parcel) => Partial<Parcel>): Promise<void> {
  const parcel = (await view.get('parcel', id)) ?? parcelStub(id, site)
  view.put('parcel', id, { ...parcel, ...change(parcel) })
}

async function putLine(view: Layer, order: ReturnOrder, draft: LineDraft): Promise<void> {
  const known = await view.get('return_line', draft.line_id)
  if (known && !known.stub) return
  view.put('return_line', draft.line_id, {
    ...(known ?? lineStub(draft.line_id, order.id, order.site_id)),
    order_id: order.id,
    site_id: order.site_id,
    item_id: draft.item_id,
    outbound_line_id: draft.outbound_line_id ?? '',
    expected: draft.quantity,
    lot: draft.lot ?? '',
    serials: draft.serials ?? [],
    note: draft.note ?? '',
    stub: false,
  })
}

/** The line of an order where goods of this item belong: the one that expects more of it (`line_for` in corrections.py). */
async function lineFor(view: Layer, source: ReturnLine, itemId: string): Promise<ReturnLine> {
  const lines = (await linesOf(view, source.order_id)).filter((line) => line.item_id === itemId && !line.stub)
  lines.sort((a, b) => (a.id < b.id ? -1 : 1))
  return lines.find((line) => line.expected > line.received) ?? lines[0] ?? source
}

/** Does an edit say anything new? The same value on both sides is nothing. */
const changes = (now: object, set: Record<string, unknown>) =>
  Object.entries(set).some(([field, value]) => JSON.stringify((now as Record<string, unknown>)[field]) !== JSON.stringify(value))

const photosOf = (photos: Record<string, string>[] | undefined) => (photos ?? []) as unknown as Parcel['photos']

const joined = (ids: string[], id: string) => (ids.includes(id) ? ids : [...ids, id])

// The state of an order, from its lines (`progress` in server/domain/returns.py)

const missing = (line: ReturnLine) => line.expected - line.received - line.short - line.lost - line.refused

async function linesOf(view: Layer, orderId: string): Promise<ReturnLine[]> {
  return (await view.find('return_line', 'order_id', orderId)).filter((line) => !line.removed)
}

async function blocked(view: Layer, orderId: string): Promise<boolean> {
  const open = await view.find('conflict', 'order_id', orderId)
  return open.some((conflict) => conflict.blocking && (conflict.state === 'open' || conflict.state === 'assigned'))
}

async function progress(view: Layer, orderId: string, at: number): Promise<void> {
  const order = await view.get('return_order', orderId)
  if (!order || !(order.status === 'approved' || UNDER_WAY.includes(order.status))) return
  const lines = await linesOf(view, orderId)
  if (order.status === 'approved' && !lines.some((line) => line.received || line.short || line.lost)) return
  const filed = order.authorised && order.origin === 'filed' && lines.some((line) => line.expected)
  let status = order.status
  if (!lines.length || lines.some((line) => missing(line) > 0)) status = 'receiving'
  else if (lines.some((line) => line.inspected < line.received)) status = 'inspecting'
  else if (lines.some((line) => line.closed < line.received) || !filed) status = 'disposing'
  else if (status !== 'completed') status = (await blocked(view, orderId)) ? 'disposing' : 'completed'
  if (status === order.status) return
  view.put('return_order', order.id, { ...order, status, completed_at: status === 'completed' ? at : 0 })
}

// Stock (`stock.py`): goods only ever move. What is outside the building has no balance on a device.

interface Place {
  status: StockStatus
  bin_id: string
  container_id: string
}

interface Lot {
  lot: string
  expiry: string
  serial: string
}

const OUT: Place = { status: 'out', bin_id: '', container_id: '' }
const DIFFERENCE: Place = { status: 'count_difference', bin_id: '', container_id: '' }
const OUTSIDE: readonly StockStatus[] = ['out', 'count_difference']
const NO_LOT: Lot = { lot: '', expiry: '', serial: '' }

async function move(view: Layer, site: string, item: Item, quantity: number, source: Place, target: Place, lot: Lot): Promise<void> {
  if (quantity === 0 || (source.status === target.status && source.bin_id === target.bin_id && source.container_id === target.container_id)) return
  await count(view, site, item, -quantity, source, lot)
  await count(view, site, item, quantity, target, lot)
}

async function count(view: Layer, site_id: string, item: Item, quantity: number, place: Place, { lot, expiry, serial }: Lot): Promise<void> {
  if (OUTSIDE.includes(place.status)) return
  const { status, bin_id, container_id } = place
  const id = derivedId('balance', site_id, item.id, status, bin_id, container_id, lot, expiry, serial)
  const known = await view.get('stock_balance', id)
  const sum = (known?.quantity ?? 0) + quantity
  if (sum === 0) return view.remove('stock_balance', id)
  view.put('stock_balance', id, { id, site_id, owner_id: item.owner_id, item_id: item.id, status, bin_id, container_id, lot, expiry, serial, quantity: sum })
}

/** Where these units really stand: the place that was named first, then the same goods elsewhere at the site. */
async function take(view: Layer, site: string, item: Item, quantity: number, place: Place, lot: Lot, read = false): Promise<[number, Place, Lot][]> {
  const standing = (await view.find('stock_balance', 'item_id', item.id)).filter(
    (each) =>
      each.site_id === site && each.status === place.status && each.quantity > 0 && (!lot.lot || each.lot === lot.lot) && (!lot.serial || each.serial === lot.serial),
  )
  const order = (each: StockBalance) =>
    [read && each.lot !== lot.lot, each.container_id !== place.container_id, each.bin_id !== place.bin_id, each.serial !== lot.serial, each.lot !== lot.lot, each.expiry !== lot.expiry]
      .map(Number)
      .join('') + each.expiry + each.id
  standing.sort((a, b) => (order(a) < order(b) ? -1 : 1))
  const taken: [number, Place, Lot][] = []
  for (const balance of standing) {
    if (quantity <= 0) break
    const units = Math.min(quantity, balance.quantity)
    taken.push([units, balance, balance])
    quantity -= units
  }
  if (quantity > 0) taken.push([quantity, place, lot])
  return taken
}

async function transfer(view: Layer, site: string, item: Item, quantity: number, source: Place, target: Place, lot: Lot, read = false): Promise<void> {
  for (const [units, place, kind] of await take(view, site, item, quantity, source, lot, read)) await move(view, site, item, units, place, target, kind)
}

async function receivingBin(view: Layer, site: string, bin = '', containerId = ''): Promise<string> {
  if (bin) return bin
  const container = await view.get('container', containerId)
  if (container?.bin_id) return container.bin_id
  const bins = (await view.find('bin', 'kind', 'quarantine')).filter((each) => each.site_id === site && each.active)
  bins.sort((a, b) => (a.code < b.code ? -1 : 1))
  return bins[0]?.id ?? ''
}

/** So many units more (or fewer) of this stand in the bin than the book had (`adjust` in server/domain/counts.py). */
async function adjust(view: Layer, site: string, binId: string, line: CountedLine): Promise<void> {
  const item = await view.get('item', line.item_id ?? '')
  let units = line.counted - (line.book ?? 0)
  if (!item || !units) return
  const container_id = line.container_id ?? ''
  const lot: Lot = { lot: line.lot ?? '', expiry: line.expiry ?? '', serial: line.serial ?? '' }
  const same = (each: StockBalance) => each.lot === lot.lot && each.expiry === lot.expiry && each.serial === lot.serial && each.container_id === container_id
  const standing = (await view.find('stock_balance', 'bin_id', binId)).filter((each) => each.item_id === item.id && same(each))
  standing.sort((a, b) => SHORT_FIRST.indexOf(a.status) - SHORT_FIRST.indexOf(b.status))
  const status = (standing.find((each) => each.quantity > 0) ?? standing[0])?.status ?? 'quarantine'
  const here: Place = { status, bin_id: binId, container_id }
  if (units < 0) {
    for (const balance of standing) {
      const part = Math.min(-units, Math.max(0, balance.quantity))
      await move(view, site, item, part, balance, DIFFERENCE, lot)
      units += part
    }
    return move(view, site, item, -units, here, DIFFERENCE, lot)
  }
  const unit = lot.serial
    ? (await view.find('stock_balance', 'serial', lot.serial))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .find((each) => each.site_id === site && each.item_id === item.id && each.quantity > 0 && (each.bin_id !== binId || each.container_id !== container_id))
    : undefined
  if (unit) return move(view, site, item, 1, unit, { ...here, status: unit.status }, unit)
  await move(view, site, item, units, DIFFERENCE, here, lot)
}

/** Goods for sale first, so that nobody is promised what is not there. */
const SHORT_FIRST: readonly StockStatus[] = [
  'sellable', 'quarantine', 'defective', 'held', 'in_repair', 'scrap_pending', 'vendor_pending', 'customer_pending', 'lost', 'in_transit',
]

/** Units a verdict is about (`_speaks_for` in server/domain/inspections.py). */
function speaksFor(args: Commands['inspect'], standing: Inspection[]): number {
  if (!args.sampled) return args.quantity
  if (args.verdict === 'fail') return 0
  return failedSample(standing, args.lot ?? '', args.container_id ?? '') ? args.sampled : args.quantity
}

/** Of this tranche a sample has failed: from then on each unit is looked at. */
export const failedSample = (inspections: readonly Inspection[], lot: string, containerId: string): Inspection | undefined =>
  inspections.find((each) => !each.superseded_by && each.sampled > 0 && each.verdict === 'fail' && each.lot === lot && each.container_id === containerId)

async function notLookedAt(view: Layer, sample: Inspection): Promise<number> {
  let left = sample.tranche
  for (const each of await view.find('inspection', 'line_id', sample.line_id))
    if (!each.superseded_by && (each.at > sample.at || (each.at === sample.at && each.made_at >= sample.made_at)) && each.lot === sample.lot && each.container_id === sample.container_id) left -= each.quantity
  return left
}

async function inspectAll(view: Layer, sample: Inspection, { by, at }: Pick<Context, 'by' | 'at'>): Promise<void> {
  const id = derivedId('full inspection', sample.line_id, sample.lot, sample.container_id)
  if (await view.get('task', id)) return
  view.put('task', id, {
    id, site_id: sample.site_id, kind: 'reinspect', question: '', order_id: sample.order_id, line_id: sample.line_id, item_id: sample.item_id, bin_id: '',
    container_id: sample.container_id, serial: '', subject_kind: 'Inspection', subject_id: sample.id, conflict_id: '', alert_id: '', assignee: '', state: 'open',
    raised_by: by, raised_at: at, due_at: 0, answers: 0, answered_by: '', answered_at: 0, outcome: '', answer: '', photos: [], found: -1, withdrawn_by: '',
    withdrawn_why: '', closed_at: 0,
  }) // prettier-ignore
}

/** Each answer is kept; the first one is shown with its task. */
function answered(view: Layer, task: Task, answer: Partial<AnswerTask>, { by, at }: Pick<Context, 'by' | 'at'>): void {
  const first: Partial<Task> = task.answers
    ? {}
    : {
        answered_by: by, answered_at: at, outcome: answer.outcome ?? 'done', answer: answer.note ?? '', found: answer.found ?? -1,
        photos: (answer.photos ?? []).map((photo) => ({ kind: 'whole', ...photo })),
      }
  const closed: Partial<Task> = task.state === 'open' ? { state: 'done', closed_at: at } : {}
  view.put('task', task.id, { ...task, ...first, ...closed, answers: task.answers + 1 })
}

/** Goods are put into the tote of their outcome. */
async function putInto(view: Layer, toteId: string, item: Item, quantity: number, from: string, lot: Lot, site: string): Promise<void> {
  let tote = await view.get('container', toteId)
  if (!tote) tote = { id: toteId, site_id: site, label: '', kind: 'tote', bin_id: '', outcome: '', created_by: '', created_at: 0 }
  const source: Place = { status: 'quarantine', bin_id: '', container_id: from }
  for (const [units, place, kind] of await take(view, site, item, quantity, source, lot)) {
    tote = { ...tote, bin_id: tote.bin_id || place.bin_id }
    await move(view, site, item, units, place, { status: 'quarantine', bin_id: tote.bin_id, container_id: tote.id }, kind)
  }
  view.put('container', tote.id, tote)
}

/** Posts as much of a disposition as may be posted now. */
async function settle(view: Layer, dispositionId: string): Promise<void> {
  const disposition = await view.get('disposition', dispositionId)
  const order = disposition && (await view.get('return_order', disposition.order_id))
  const item = disposition && (await view.get('item', disposition.item_id))
  if (!disposition || !order || !item || !['decided', 'posted'].includes(disposition.state)) return
  if (order.status === 'on_hold' || !(order.authorised || disposition.kind === 'return_to_customer') || (await blocked(view, order.id))) return
  const ready = disposition.kind === 'restock' ? disposition.put_away : disposition.quantity
  const units = Math.min(ready, disposition.quantity) - disposition.posted
  if (units <= 0) return
  const { status } = DISPOSED[disposition.kind]
  const source: Place = { status: 'quarantine', bin_id: disposition.bin_id, container_id: disposition.container_id }
  for (const [taken, place, kind] of await take(view, order.site_id, item, units, source, disposition))
    await move(view, order.site_id, item, taken, place, { ...place, status }, kind)
  const posted = disposition.posted + units
  view.put('disposition', disposition.id, { ...disposition, posted, state: posted === disposition.quantity ? 'posted' : disposition.state })
  await view.patch('return_line', disposition.line_id, (line) => ({ closed: line.closed + units }))
}

async function toPutAway(view: Layer, lineId: string, containerId: string, serial: string, target: Bin): Promise<Disposition[]> {
  const waiting = (await view.find('disposition', 'line_id', lineId)).filter(
    (each) =>
      each.state !== 'void' &&
      each.put_away < each.quantity &&
      (!serial || each.serial === '' || each.serial === serial) &&
      DISPOSED[each.kind].zones.includes(target.kind),
  )
  const order = (each: Disposition) => Number(each.container_id !== containerId) + each.id
  return waiting.sort((a, b) => (order(a) < order(b) ? -1 : 1))
}
