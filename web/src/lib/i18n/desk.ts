// The words of the desk.

import { translator } from '../i18n'
import zh from './desk.zh'

export const t = translator(zh, () => import('./desk.en'))
