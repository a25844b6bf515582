/** Lists taken out as files, and files of other systems taken in. */

import { address, type Query } from './api'
import { json, request } from './net'
import { told } from './told'

// Out

export type Exported = { token: string; name: string; rows: number }
export type Written = { rows: number; of: number | null }

/** The list as its page asks for it, written to a file on the server; `fetched` is where it then lies for an hour. */
export const exportList = (list: string, query: Query, onstep: (step: Written) => void) =>
  told<Written, Exported>(
    address(`/api/exports/${list}`, query),
    { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' },
    onstep,
  )

export const fileAt = ({ token, name }: Exported): string => address(`/api/exports/files/${token}`, { name })

// In

export type ImportField = { name: string; zh: string; en: string; required: boolean }
export type ImportKind = { name: string; sited: boolean; fields: ImportField[] }
/** Field → the number of its column, or text that every row says. */
export type Columns = Record<string, number | string>
export type Refused = { line: number; column: string; field: string; value: string; reason: string }
export type Taken = {
  kind: string; file_name: string; format: string; encoding: string; separator: string; sheet: string; sheets: string[]
  header: string[]; fields: ImportField[]; columns: Columns; missing: string[]; sample: string[][]; rows: number
  became: Partial<Record<'new' | 'changed' | 'same' | 'refused', number>>; refused: Refused[]; taken: boolean
} // prettier-ignore
export type Reading = { step: 'checking' | 'writing'; rows: number; of: number }

export const importKinds = () => json<{ rows: ImportKind[] }>('/api/import-kinds').then(({ rows }) => rows)

export interface Asked {
  site?: string
  sheet?: string
  columns?: Columns | undefined
  take?: boolean
}

/** A dry run, unless `take`. */
export const importFile = (kind: string, file: File, { columns, ...asked }: Asked, onstep: (step: Reading) => void) =>
  told<Reading, Taken>(
    address(`/api/imports/${kind}`, { ...asked, name: file.name, columns: columns && JSON.stringify(columns) }),
    { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file },
    onstep,
  )

// Printed

export type LabelSize = '60x40' | '100x100' | 'sheet'
export type Label = { text: string; title?: string; line?: string }

/** The next numbers of a site's own labels; none is given twice. */
export const giveLabels = (site: string, count: number) => json<{ labels: string[] }>(`/api/sites/${site}/own-labels`, { method: 'POST', body: { count } }).then(({ labels }) => labels)

/** Shows the labels as a PDF, in a tab of its own: there they are looked at, saved or printed. */
export async function printLabels(size: LabelSize, labels: Label[]): Promise<void> {
  // The tab is opened while the press of the button still counts as one.
  const tab = window.open('', '_blank')
  try {
    const response = await request('/api/labels', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ size, labels }), timeout: 120_000 })
    const address = URL.createObjectURL(await response.blob())
    if (tab) tab.location.href = address
    else location.assign(address)
    setTimeout(() => URL.revokeObjectURL(address), 600_000)
  } catch (error) {
    tab?.close()
    throw error
  }
}
