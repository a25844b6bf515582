/**
 * A shift on one handheld: what is in hand, what the last scan did, what is being asked, and the scans that wait.
 *
 * `work` is kept on the device after every change, so that a reload, a crash or an empty battery comes back to the same
 * parcel, unit and count. A scan that is being asked about, and those behind it, are kept too and come again.
 */

import { dropDraft, loadDraft, saveDraft } from '../../lib/drafts'
import { isCard } from '../../lib/numbers'
import type { Found } from '../../lib/counting'
import type { IconName } from '../../parts/Icon.svelte'
import type { Tone } from '../../parts/tone'
import type { CheckResult, DispositionKind, Grade, Item, Photo, PhotoKind } from '../../lib/protocol'
import type { Scan } from '../../lib/scanner'
import { go, route } from '../../router.svelte'
import type { Say } from './say'

// —— what is shown ————————————————————————————————————————————————————————————————————————————————————

export interface Result {
  tone: Tone
  words: Say
  more?: Say
  /** The big number; `of` is drawn small behind it: 2/3. */
  number?: number | string
  of?: number
  scanned?: string
}

export interface Alarm {
  what: Say
  kept: Say
  todo: Say
}

export interface Action {
  id: string
  words: Say
  icon: IconName
  run: () => unknown
  danger?: boolean
}

// —— what is asked ————————————————————————————————————————————————————————————————————————————————————

export interface Option<T> {
  id: string
  words: Say
  more?: Say
  icon: IconName
  value: T
  /** The command card that says the same, besides the card with its number. */
  card?: string
}

export interface LotAnswer {
  lot: string
  expiry: string
}

/** `waits`: scans stand in line until it is answered. Otherwise the next scan closes it and is done as usual. */
interface Asked {
  choose: { asks: { title: Say; options: Option<unknown>[] }; answer: unknown }
  lot: { asks: { item: Item; lot: string; expiry: string }; answer: LotAnswer }
  serial: { asks: { item: Item }; answer: string }
  /** `all`: what 'receive all' would count, 0 when that makes no sense; `none`: a way to say there is no number (-1). */
  quantity: { asks: { item: Item | null; pack: number; start: number; title: Say; all: number; none?: Say }; answer: number }
  /** `itemId`: what is photographed, whose standard is shown beside it. */
  photo: { asks: { kind: PhotoKind; title: Say; required: boolean; itemId?: string }; answer: Photo }
  unknown: { asks: { text: string }; answer: { item: Item | null } }
  reason: { asks: { title: Say; options: Option<string>[] }; answer: string }
}
export type AskName = keyof Asked
const WAITS: readonly AskName[] = ['choose', 'lot', 'serial']

export type Asking = {
  [N in AskName]: { is: N; asks: Asked[N]['asks']; done: (answer: Asked[N]['answer'] | null) => void }
}[AskName]
export type Sheet = Asking | { is: 'more' } | { is: 'guide' } | { is: 'practice'; scored?: boolean } | { is: 'verdict'; id: string } | { is: 'type' } | { is: 'camera'; taken?: readonly string[] } | { is: 'history' }

// —— what is in hand ——————————————————————————————————————————————————————————————————————————————————

/** A unit, or a group of like ones, on the inspection bench. */
export interface Bench {
  inspectionId: string
  dispositionId: string
  lineId: string
  quantity: number
  serial: string
  lot: string
  expiry: string
  /** This lot was held at every site when it came to the bench. */
  lotHeld?: boolean
  containerId: string
  /** The inspection this one corrects. */
  supersedes: string
  /** It was inspected before: as many as were received may be looked at. */
  again: boolean
  /** Of a sample: so many of `quantity` are looked at; 0: every unit is. */
  sampled: number
  checks: CheckResult[]
  steps: { code: string; value: string }[]
  /** '' leaves it to the policy. */
  grade: Grade | ''
  kind: DispositionKind | ''
  note: string
  photos: Photo[]
}

/** Units picked by hand on the way to a bin. */
export interface Pick {
  id: string
  lineId: string
  dispositionId: string
  quantity: number
  lot: string
  expiry: string
  serial: string
  containerId: string
}

/** A return being filed from what was shipped. `lines`: how many of which outbound line are asked back. */
export interface Filing {
  orderId: string
  /** Given when it is filed, and never another. */
  number: string
  outboundId: string
  lines: Record<string, { quantity: number; serials: string[] }>
  type: string
  reason: string
  note: string
}

/** A bin that is being counted. `trail`: what each scan added, the last first to be undone; `scan`: the last one counted. */
export interface Counting {
  countId: string
  binId: string
  taskId: string
  since: number
  found: Found[]
  containers: string[]
  /** The container whose pieces are counted one by one. */
  inside: string
  trail: { kind?: Omit<Found, 'counted'>; containerId?: string; n: number }[]
  scan: string
}

/** What somebody was sent for, and what they have to say so far. */
export interface Answering {
  id: string
  answerId: string
  note: string
  photos: Photo[]
  found: string
}

/** What Home shows of the thing last looked up. */
export type Look = { is: 'item' | 'order' | 'outbound' | 'container' | 'bin' | 'serial' | 'parcel'; id: string }

export interface Work {
  /** The screen it is done on. */
  at: string
  load: { id: string } | null
  lastParcelId: string
  receive: {
    parcelId: string
    orderId: string
    /** Who the waybill or the outbound order says sent it, while there is no return order. */
    customerId: string
    toteId: string
    binId: string
    photos: Photo[]
    itemId: string
    receiptId: string
  }
  /** Lot and date of the items of this parcel, asked once. */
  lots: Record<string, LotAnswer>
  /** ×N: the next item scan counts this many. */
  times: number
  filter: { parcelId: string; orderId: string; containerId: string }
  bench: Bench | null
  totes: Partial<Record<DispositionKind, string>>
  containers: string[]
  /** A bin of another zone, scanned once: the second scan means it. */
  anyway: string
  picks: Pick[]
  filing: Filing | null
  counting: Counting | null
  task: Answering | null
  /** What is being written to a supervisor, by conflict. */
  saying: Record<string, string>
  look: Look | null
  /** An item scanned before its waybill: it waits and is counted after it. */
  early: Scan[]
}

const EMPTY: Work = {
  at: '',
  load: null,
  lastParcelId: '',
  receive: { parcelId: '', orderId: '', customerId: '', toteId: '', binId: '', photos: [], itemId: '', receiptId: '' },
  lots: {},
  times: 1,
  filter: { parcelId: '', orderId: '', containerId: '' },
  bench: null,
  totes: {},
  containers: [],
  anyway: '',
  picks: [],
  filing: null,
  counting: null,
  task: null,
  saying: {},
  look: null,
  early: [],
}

/** Screens without a place for results: what is scanned there is shown on Home, and nobody's work is on them. */
export const isQuiet = (): boolean => ['sync', 'device'].includes(route.parts[0] ?? '')

class Shift {
  work = $state<Work>(structuredClone(EMPTY))
  result = $state.raw<Result | null>(null)
  /** Counts results, so that the same words twice are still seen to be new. */
  count = $state(0)
  alarm = $state.raw<Alarm | null>(null)
  sheet = $state.raw<Sheet | null>(null)
  /** Scans in line behind an alarm or a question. */
  waiting = $state.raw<Scan[]>([])
  /** The scan being worked on. */
  now = $state.raw<Scan | null>(null)
  ready = $state(false)

  /** Ask something; null when the person leaves it. */
  ask<N extends AskName>(is: N, asks: Asked[N]['asks']): Promise<Asked[N]['answer'] | null> {
    this.close()
    return new Promise((answered) => {
      const done = (answer: Asked[N]['answer'] | null) => {
        this.sheet = null
        answered(answer)
      }
      this.sheet = { is, asks, done } as Sheet
      void this.keepScans()
      this.whenAsked(this.sheet)
    })
  }

  close(): void {
    const sheet = this.sheet
    this.sheet = null
    if (sheet && 'done' in sheet) sheet.done(null)
  }

  get asksInLine(): boolean {
    return this.sheet !== null && (WAITS as readonly string[]).includes(this.sheet.is)
  }

  /** `resumed`: the app was opened anew, as after an empty battery. A scan that waits means what it meant where it was made. */
  async wake(resumed: boolean): Promise<Scan[]> {
    const kept = await loadDraft<Partial<Work>>('floor')
    if (kept) this.work = { ...structuredClone(EMPTY), ...kept }
    const said = await loadDraft<Record<keyof Alarm, string>>('floor.alarm')
    if (said) this.alarm = { what: () => said.what, kept: () => said.kept, todo: () => said.todo }
    const scans = (await loadDraft<Scan[]>('floor.scans')) ?? []
    this.kept = scans.length > 0
    if ((resumed || this.kept) && this.work.at) go(this.work.at, { replace: true })
    this.ready = true
    return scans
  }

  /** Keep `work` whenever it changes. Call once, at start; returns how to stop. */
  keep(): () => void {
    return $effect.root(() => {
      $effect(() => {
        if (this.ready && !isQuiet()) this.work.at = route.path
      })
      $effect(() => {
        if (this.ready) void saveDraft('floor', $state.snapshot(this.work))
      })
    })
  }

  /** Who wants to know that something is asked (scanning does, whose next scan in line may be the answer). */
  whenAsked: (sheet: Sheet) => void = () => {}

  private keeping: Promise<void> = Promise.resolve()
  private kept = false

  /**
   * Scans not yet done are kept while something stands between them and being recorded. A card that is being carried out is
   * not: goods that come again after a crash are known by their id, but PASS would pass the next unit.
   */
  keepScans(): Promise<void> {
    const begun = this.now && (this.sheet !== null || !isCard(this.now.text)) ? [this.now] : []
    const scans = [...begun, ...this.waiting]
    if (scans.length === 0 && !this.kept) return this.keeping
    this.kept = scans.length > 0
    // One after the other: the last to be written is what is there.
    this.keeping = this.keeping.then(() => (scans.length > 0 ? saveDraft('floor.scans', scans) : dropDraft('floor.scans')))
    return this.keeping
  }

  /** An alarm stands until somebody has understood it: a reload is not that. Kept in the words in which it was told. */
  raise(alarm: Alarm, said: Record<keyof Alarm, string>): void {
    this.alarm = alarm
    void saveDraft('floor.alarm', said)
  }

  lower(): void {
    this.alarm = null
    void dropDraft('floor.alarm')
  }

  /** The scans that came too early take their place at the head of the line. */
  async countEarly(): Promise<void> {
    this.waiting = [...$state.snapshot(this.work.early), ...this.waiting]
    await this.keepScans()
    this.work.early = []
  }

  /** What is on the bench, as plain values that can be stored and sent. */
  get bench(): Bench | null {
    return $state.snapshot(this.work.bench) as Bench | null
  }

  get counting(): Counting | null {
    return $state.snapshot(this.work.counting) as Counting | null
  }

  get taskInHand(): Answering | null {
    return $state.snapshot(this.work.task) as Answering | null
  }

  get filing(): Filing | null {
    return $state.snapshot(this.work.filing) as Filing | null
  }

  /** End of shift: nothing stays in hand for the next person. */
  clear(): void {
    this.work = structuredClone(EMPTY)
    this.result = null
  }
}

export const shift = new Shift()
