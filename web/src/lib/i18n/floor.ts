// The words of the handheld.

import { translator } from '../i18n'
import en from './floor.en'
import zh from './floor.zh'

export const t = translator(zh, en)
