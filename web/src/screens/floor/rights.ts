// What somebody must be allowed to do on a screen. Asked of the grants this device knows; the server asks again.

import type { Place } from './intent'

export type Right = 'sign_for' | 'receive' | 'inspect' | 'put_away' | 'file' | 'count'

/** Home looks things up, which anybody may. */
export const NEEDS: Partial<Record<Place, Right>> = { 'sign-for': 'sign_for', 'receive': 'receive', 'inspect': 'inspect', 'put-away': 'put_away', 'file': 'file', 'count': 'count' }
