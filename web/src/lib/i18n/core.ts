// The words both faces share.

import { translator } from '../i18n'
import zh from './core.zh'

export const t = translator(zh, () => import('./core.en'))
