// The words of import, export and printing.

import { translator } from '../i18n'
import zh from './inout.zh'

export const io = translator(zh, () => import('./inout.en'))
