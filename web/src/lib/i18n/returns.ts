// The words of returns, parcels and the search.

import { translator } from '../i18n'
import zh from './returns.zh'

export const r = translator(zh, () => import('./returns.en'))
