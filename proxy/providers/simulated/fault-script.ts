/** What goes wrong at a simulated provider, when it is set to. */

import type { SimulatedConfig } from "#proxy/contract/snapshot.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"
import { errorJson } from "./render-answer.ts"
import type { SimulatedScript, SimulatedStep } from "./script.ts"

const utf8 = new TextEncoder()

/** `plain` is the script without the fault; `Truncate` cuts it in the middle of its bytes. */
export function faultScript(
  config: SimulatedConfig,
  isStream: boolean,
  plain: SimulatedScript,
): SimulatedScript {
  const { latencyMs } = config
  switch (config.fault) {
    case "ServerError":
      return errorScript(latencyMs, 503, "the simulated provider is overloaded", [])
    case "RateLimited":
      return errorScript(latencyMs, 429, "simulated rate limit reached", ["retry-after", "1"])
    case "ConnectError": {
      const detail = "simulated: connection refused"
      const failure = { kind: "connect", wasSent: false, detail } as const
      return { steps: [{ kind: "fail", afterMs: latencyMs, failure }] }
    }
    case "Silence":
      return { steps: [] }
    case "Truncate":
      return { steps: truncate(plain.steps) }
    case "Garbage":
      return garbageScript(latencyMs, isStream)
  }
}

function errorScript(
  latencyMs: number,
  status: number,
  message: string,
  headers: readonly string[],
): SimulatedScript {
  return {
    steps: [
      {
        kind: "head",
        afterMs: latencyMs,
        status,
        headers: ["content-type", "application/json", ...headers],
      },
      { kind: "data", afterMs: 0, bytes: utf8.encode(errorJson(message)) },
      { kind: "end", afterMs: 0 },
    ],
  }
}

/** The first half of the data steps, the last of them cut in two, then a reset. */
function truncate(steps: readonly SimulatedStep[]): readonly SimulatedStep[] {
  const out: SimulatedStep[] = []
  const dataSteps = steps.filter((step) => step.kind === "data").length
  let left = Math.ceil(dataSteps / 2)
  for (const step of steps) {
    if (step.kind === "end") continue
    if (step.kind === "data") {
      if (left === 0) break
      left--
      const bytes = left === 0 ? step.bytes.subarray(0, step.bytes.length >> 1) : step.bytes
      out.push({ ...step, bytes })
    } else out.push(step)
  }
  const detail = "simulated: connection reset"
  out.push({ kind: "fail", afterMs: 0, failure: { kind: "reset", wasSent: true, detail } })
  return out
}

function garbageScript(latencyMs: number, isStream: boolean): SimulatedScript {
  const page = "<html><body>502 Bad Gateway</body></html>"
  const type = isStream ? "text/event-stream" : "application/json"
  return {
    steps: [
      { kind: "head", afterMs: latencyMs, status: 200, headers: ["content-type", type] },
      { kind: "data", afterMs: 0, bytes: utf8.encode(isStream ? writeEvent(page) : page) },
      { kind: "end", afterMs: 0 },
    ],
  }
}
