/** Answers that come a line at a time (application/x-ndjson): steps while it works, and what came of it. */

import { Problem, Unreachable, problemOf, send, type Request } from './net'

/** Calls back for each step. Throws Problem when it was refused, also in the middle; Unreachable when the answer broke off. */
export async function told<Step, Done>(path: string, init: Request, onstep: (step: Step) => void): Promise<Done> {
  // It may take minutes: the signal that never comes keeps `send` from giving up.
  const response = await send(path, { signal: new AbortController().signal, ...init })
  if (!response.ok || !response.body) throw await problemOf(response)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += value ?? ''
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const said = JSON.parse(line) as Record<string, unknown>
        if (said['problem']) {
          const facts = said['problem'] as Record<string, unknown>
          throw new Problem(Number(facts['status']), String(facts['code']), String(facts['detail']), facts)
        }
        if (said['done'] !== undefined) return said['done'] as Done
        onstep(said as Step)
      }
      if (done) throw new Unreachable('the answer broke off')
    }
  } catch (error) {
    throw error instanceof Problem || error instanceof Unreachable ? error : new Unreachable(error)
  }
}
