/** The columns of a list: those that stand in the address, else those it begins with. */

import { setQuery } from '../../router.svelte'
import { asked } from './address.svelte'

export class Columns<Name extends string> {
  readonly all: readonly Name[]
  readonly #first: readonly Name[]
  readonly #chosen: ReadonlySet<string> = $derived.by(() => new Set(asked('cols') ? asked('cols').split(',') : this.#first))

  constructor(all: readonly Name[], first: readonly Name[]) {
    this.all = all
    this.#first = first
  }

  shows(name: Name): boolean {
    return this.#chosen.has(name)
  }

  toggle(name: Name): void {
    const chosen = this.all.filter((one) => (one === name ? !this.shows(one) : this.shows(one)))
    const asBefore = chosen.length === this.#first.length && chosen.every((one) => this.#first.includes(one))
    setQuery({ cols: asBefore || !chosen.length ? null : chosen.join(',') }, { replace: true })
  }
}
