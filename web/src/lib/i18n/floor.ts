// The words of the handheld.

import { translator } from '../i18n'
import zh from './floor.zh'

export const t = translator(zh, () => import('./floor.en'))
