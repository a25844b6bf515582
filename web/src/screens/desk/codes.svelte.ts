/** The catalogue's codes with their names, read once and shared by every page. */

import { catalogue, type Bin, type Catalogue, type ReturnReason, type ReturnType, type Zone } from '../../lib/api'
import { nameOf } from './words.svelte'

class Codes {
  #all = $state.raw<Catalogue | null>(null)
  #asked = false

  /** Empty until it has been read; a page shows codes until then, and names as soon as they are here. */
  get all(): Catalogue | null {
    if (!this.#asked) void this.read()
    return this.#all
  }

  async read(): Promise<void> {
    this.#asked = true
    try {
      this.#all = await catalogue()
    } catch {
      // Codes stay codes; the next page that needs a name asks again.
      this.#asked = false
    }
  }

  get types(): ReturnType[] {
    return this.all?.return_types ?? []
  }
  type(code: string): string {
    return nameOf(this.types.find((type) => type.code === code)) || code
  }
  reasonsOf(type: string): ReturnReason[] {
    const own = this.types.find((one) => one.code === type)?.reasons
    return own ?? (this.all?.return_reasons ?? []).filter((reason) => reason.type_code === type)
  }
  reason(type: string, code: string): string {
    return nameOf(this.reasonsOf(type).find((reason) => reason.code === code)) || code
  }
  defect(code: string): string {
    return nameOf((this.all?.defect_codes ?? []).find((defect) => defect.code === code)) || code
  }
  carrier(code: string): string {
    return (this.all?.carriers ?? []).find((carrier) => carrier.code === code)?.name ?? code
  }
  zones(site: string): Zone[] {
    return (this.all?.zones ?? []).filter((zone) => !site || zone.site_id === site)
  }
  bins(site: string): Bin[] {
    return (this.all?.bins ?? []).filter((bin) => !site || bin.site_id === site)
  }
}

export const codes = new Codes()
