/**
 * Plays the script of a simulated answer in place of a socket: same handler, same backpressure,
 * same abort.
 */
import type { UpstreamCall, UpstreamHandler } from "#proxy/exchange/ports.ts"
import type { SimulatedScript } from "#proxy/providers/simulated/script.ts"

export function playScript(script: SimulatedScript, handler: UpstreamHandler): UpstreamCall {
  let position = 0
  let isPaused = false
  let isDue = false
  let isOver = false
  let timer: NodeJS.Timeout | undefined

  const schedule = (): void => {
    const step = script.steps[position]
    if (step === undefined || isOver) return
    timer = setTimeout(() => {
      isDue = true
      run()
    }, step.afterMs)
  }

  const run = (): void => {
    // One step after the other without a pause in between shares this turn.
    while (isDue && !isPaused && !isOver) {
      const step = script.steps[position]
      if (step === undefined) return
      position += 1
      isDue = script.steps[position]?.afterMs === 0
      if (step.kind === "head") handler.onResponse(step.status, recordOf(step.headers))
      else if (step.kind === "data") isPaused = !handler.onData(step.bytes)
      else {
        isOver = true
        if (step.kind === "end") handler.onEnd()
        else handler.onFailure(step.failure)
        return
      }
    }
    if (!isDue) schedule()
  }

  schedule()
  return {
    conceal: (text) => text,
    resume() {
      if (!isPaused) return
      isPaused = false
      if (isDue) run()
    },
    abort() {
      isOver = true
      clearTimeout(timer)
    },
  }
}

function recordOf(headers: readonly string[]): Readonly<Record<string, string>> {
  const record: Record<string, string> = {}
  for (let index = 0; index + 1 < headers.length; index += 2) {
    record[headers[index] ?? ""] = headers[index + 1] ?? ""
  }
  return record
}
