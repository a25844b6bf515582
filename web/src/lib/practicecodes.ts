// What a practice parcel is made of. The same codes are on the screen, to be tapped, and on the printed sheet, to be scanned.

export const PRACTICE = {
  waybill: 'SF9999000000017',
  order: 'R-PRACTICE',
  kettle: '2000000000015',
  lamp: '2000000000022',
  mug: '2000000000039',
  good: 'P-GOOD-01',
  scrap: 'P-SCRAP-01',
} as const
export type PracticeThing = keyof typeof PRACTICE
/** As it is called on the screen and on paper. */
export const PRACTICE_NAMES: Record<PracticeThing, { name: string; name_en: string }> = {
  waybill: { name: '运单', name_en: 'Waybill' },
  order: { name: '退库单', name_en: 'Return' },
  kettle: { name: '水壶', name_en: 'Kettle' },
  lamp: { name: '台灯', name_en: 'Lamp' },
  mug: { name: '马克杯', name_en: 'Mug' },
  good: { name: '良品库位', name_en: 'Bin, sellable' },
  scrap: { name: '待报废库位', name_en: 'Bin, scrap' },
}
export const PRACTICE_THINGS = Object.keys(PRACTICE) as PracticeThing[]
