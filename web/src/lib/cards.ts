// The command cards that are printed: what a glove can say without touching the screen. Bilingual by nature, for one sheet hangs at a bench.

export interface Card {
  /** What follows RSTW: in the code. */
  word: string
  zh: string
  en: string
}

export interface CardGroup {
  name: 'everywhere' | 'dock' | 'verdict' | 'grade' | 'disposition' | 'times' | 'answer'
  cards: readonly Card[]
}

const times = (n: number): Card => ({ word: `X${n}`, zh: `下一次计 ${n} 件`, en: `Next scan counts ${n}` })
const answer = (n: number): Card => ({ word: String(n), zh: `第 ${n} 个选项`, en: `Answer ${n}` })

export const CARD_GROUPS: readonly CardGroup[] = [
  {
    name: 'everywhere',
    cards: [
      { word: 'OK', zh: '知道了（关闭警报）', en: 'Understood (closes the alarm)' },
      { word: 'UNDO', zh: '撤销上一次扫描', en: 'Undo the last scan' },
      { word: 'NEXT', zh: '下一个', en: 'Next' },
      { word: 'DONE', zh: '完成 · 保存', en: 'Done · save' },
      { word: 'PHOTO', zh: '拍照', en: 'Take a photo' },
    ],
  },
  {
    name: 'dock',
    cards: [
      { word: 'DAMAGED', zh: '外包装破损', en: 'Damaged outside' },
      { word: 'EMPTY', zh: '空包', en: 'Empty parcel' },
      { word: 'REFUSE', zh: '拒收', en: 'Refuse' },
    ],
  },
  {
    name: 'verdict',
    cards: [
      { word: 'PASS', zh: '合格', en: 'Pass' },
      { word: 'FAIL', zh: '不合格（再选哪一项）', en: 'Fail (then say which)' },
      { word: 'FAIL-APPEARANCE', zh: '外观不合格', en: 'Appearance fails' },
      { word: 'FAIL-FUNCTION', zh: '功能不合格', en: 'Function fails' },
      { word: 'FAIL-ACCESSORIES', zh: '配件不合格', en: 'Accessories fail' },
      { word: 'FAIL-PACKAGING', zh: '包装不合格', en: 'Packaging fails' },
    ],
  },
  {
    name: 'grade',
    cards: [
      { word: 'GRADE-A', zh: 'A 全新', en: 'A as new' },
      { word: 'GRADE-B', zh: 'B 良好', en: 'B good' },
      { word: 'GRADE-C', zh: 'C 一般', en: 'C fair' },
      { word: 'GRADE-D', zh: 'D 损坏', en: 'D broken' },
    ],
  },
  {
    name: 'disposition',
    cards: [
      { word: 'RESTOCK', zh: '重新上架', en: 'Restock' },
      { word: 'REPAIR', zh: '维修', en: 'Repair' },
      { word: 'SCRAP', zh: '报废', en: 'Scrap' },
      { word: 'EXCHANGE', zh: '换货', en: 'Exchange' },
      { word: 'VENDOR', zh: '退供应商', en: 'Return to vendor' },
      { word: 'CUSTOMER', zh: '寄回客户', en: 'Return to customer' },
    ],
  },
  { name: 'times', cards: [2, 3, 4, 5, 6, 8, 10, 12, 20, 24, 48].map(times) },
  { name: 'answer', cards: [1, 2, 3, 4].map(answer) },
]

/** The code of a card. */
export const cardText = (word: string) => `RSTW:${word}`

/** The card of a defect: it fails the check the defect belongs to, and notes it. */
export const defectWord = (code: string) => `DEFECT-${code.toUpperCase()}`
