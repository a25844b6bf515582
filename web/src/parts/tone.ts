/** What a colour means. `none` is ink on paper, `own` our petrol: both say nothing about right or wrong. */
export type Tone = 'none' | 'own' | 'ok' | 'warn' | 'bad'
