/** Who sits at this desk, what they may do, and whether the server can be reached. */

import { Problem, session as door, whenSignedOut, type Role, type Session, type Site } from '../../lib/api'
import { rememberDesk, usedAsDesk } from '../../lib/atdesk'
import { startListening, stopListening } from './load.svelte'

/**
 * Which roles a button is shown to. The server decides every time; this only keeps buttons that can never work off the
 * screen.
 */
const FILING: Role[] = ['sales', 'service', 'supervisor', 'office', 'reviewer']
const MAY = {
  review: ['reviewer'],
  file: FILING,
  amend: FILING,
  correspond: [...FILING, 'finance'],
  cancel: FILING,
  hold: ['supervisor', 'reviewer'],
  complete: ['operator', 'inspector', 'supervisor'],
  settle_short: ['supervisor'],
  decide_disposition: ['supervisor'],
  send_away: ['supervisor', 'office'],
  claim_parcel: ['supervisor', 'office', 'sales', 'service'],
  settle_unclaimed: ['supervisor', 'office'],
  resolve: ['supervisor'],
  tune_rules: ['supervisor', 'admin'],
  raise_task: ['supervisor'],
  handle_alert: ['supervisor', 'office'],
  reconcile: ['supervisor', 'office'],
  handle_difference: ['supervisor', 'office'],
  open_loss: ['supervisor', 'office'],
  decide_loss: ['supervisor', 'finance'],
  see_desk: ['reviewer', 'supervisor', 'sales', 'service', 'finance', 'office', 'admin'],
  see_stock: ['supervisor', 'office', 'finance', 'reviewer', 'operator', 'inspector', 'admin'],
  see_availability: ['supervisor', 'office', 'finance', 'reviewer', 'admin', 'sales', 'service'],
  see_value: ['supervisor', 'office', 'finance', 'admin'],
  report_number: ['supervisor', 'office', 'finance', 'reviewer', 'admin', 'sales', 'service'],
  hold_lot: ['supervisor', 'office'],
  acknowledge_hand_over: ['supervisor', 'office'],
  see_devices: ['supervisor', 'admin'],
  enrol_devices: ['supervisor', 'admin'],
  message_devices: ['supervisor', 'admin'],
  set_standard: ['supervisor', 'office', 'admin'],
  import: ['office', 'admin'],
  print: ['supervisor', 'office', 'admin'],
  export: ['reviewer', 'supervisor', 'sales', 'service', 'finance', 'office', 'admin'],
  admin: ['admin'],
} satisfies Record<string, Role[]>
export type Action = keyof typeof MAY

class Me {
  /** undefined: not known yet; null: nobody. */
  session = $state.raw<Session | null | undefined>()
  /** Signed out by time or by force while a page was open: the page stays, and the sign-in lies over it. */
  expired = $state(false)

  get id(): string {
    return this.session?.person.id ?? ''
  }
  get sites(): Site[] {
    return this.session?.sites ?? []
  }
  site(id: string): Site | undefined {
    return this.sites.find((site) => site.id === id)
  }

  may(action: Action, siteId = ''): boolean {
    const roles: readonly Role[] = MAY[action]
    return (this.session?.person.roles ?? []).some(
      (grant) => roles.includes(grant.role) && (!siteId || !grant.site_id || grant.site_id === siteId),
    )
  }

  /** `before`: what has to be so before anybody is seen to be here. In a browser where nobody signed in, nobody is asked. */
  async read(before: (session: Session) => Promise<void> = async () => {}): Promise<void> {
    if (!usedAsDesk()) {
      this.session = null
      return
    }
    try {
      const session = await door.read()
      await before(session)
      this.begin(session)
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error
      this.session = null
      rememberDesk(false)
    }
  }

  begin(session: Session): void {
    this.session = session
    this.expired = false
    rememberDesk(true)
    startListening()
  }

  async leave(): Promise<void> {
    await door.close()
    stopListening()
    rememberDesk(false)
    this.session = null
  }
}

export const me = new Me()

whenSignedOut(() => {
  if (me.session) me.expired = true
})
