// The words of the desk.

import { translator } from '../i18n'
import en from './desk.en'
import zh from './desk.zh'

export const t = translator(zh, en)
