// The words of stock: its figures, its book, what they lack, and who doubts them.

import { translator } from '../i18n'
import zh from './stock.zh'

export const st = translator(zh, () => import('./stock.en'))
