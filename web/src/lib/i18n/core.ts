// The words both faces share.

import { translator } from '../i18n'
import en from './core.en'
import zh from './core.zh'

export const t = translator(zh, en)
