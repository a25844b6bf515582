// The words of the page that says whether a device will do.

import { translator } from '../i18n'
import zh from './check.zh'

export const check = translator(zh, () => import('./check.en'))
