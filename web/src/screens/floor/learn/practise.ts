// The way into practice, for whoever holds the device.

import { beginPractice } from '../../../lib/practising'
import { settings } from '../../../lib/settings'
import { me } from '../acts/tell'

export async function practise(guided: boolean): Promise<void> {
  const { language, sound, vibrate, speak, theme, scanner, cameraStays } = settings.get()
  await beginPractice({ person: me(), settings: { language, sound, vibrate, speak, theme, scanner, cameraStays }, guided })
}
