/**
 * A provider without a network: what an OpenAI-schema server would say, as a script of bytes and
 * delays.
 *
 * In: the provider's settings, one request and a draw in [0, 1). Out: the script; the same input
 * gives the same script. It must not know timers or sockets: the shell plays it through the one
 * egress function.
 */
import { parseJson } from "#proxy/contract/json.ts"
import type { SimulatedConfig } from "#proxy/contract/snapshot.ts"
import { composeAnswer, type SimulatedAnswer } from "./compose-answer.ts"
import { faultScript } from "./fault-script.ts"
import { completionJson, errorJson, streamEvents } from "./render-answer.ts"
import type { SimulatedRequest, SimulatedScript, SimulatedStep } from "./script.ts"

const REQUEST_JSON = Object.freeze({
  bytesMax: 32 * 1024 * 1024,
  depthMax: 128,
  tokensMax: 2_000_000,
})
const JSON_HEADERS = Object.freeze(["content-type", "application/json"])
const STREAM_HEADERS = Object.freeze(["content-type", "text/event-stream; charset=utf-8"])

const utf8 = new TextEncoder()

export function simulate(
  config: SimulatedConfig,
  request: SimulatedRequest,
  draw: number,
): SimulatedScript {
  const bytes = typeof request.body === "string" ? utf8.encode(request.body) : request.body
  const parsed = parseJson(bytes, REQUEST_JSON)
  if (!parsed.ok) return wholeScript(config.latencyMs, 400, errorJson(parsed.fault.message))
  if (!request.path.endsWith("/chat/completions")) {
    return wholeScript(config.latencyMs, 404, errorJson("only /chat/completions is simulated"))
  }
  const answer = composeAnswer(parsed.value, request.provider.name, config.outputTokens)
  const plain = answer.isStream
    ? streamScript(config, answer)
    : wholeScript(config.latencyMs, 200, completionJson(answer))
  return draw * 100 < config.errorPercent ? faultScript(config, answer.isStream, plain) : plain
}

function wholeScript(latencyMs: number, status: number, body: string): SimulatedScript {
  const steps: SimulatedStep[] = [
    { kind: "head", afterMs: latencyMs, status, headers: JSON_HEADERS },
    { kind: "data", afterMs: 0, bytes: utf8.encode(body) },
    { kind: "end", afterMs: 0 },
  ]
  return { steps }
}

/** The role event comes at once with the head, each token after its interval. */
function streamScript(config: SimulatedConfig, answer: SimulatedAnswer): SimulatedScript {
  const steps: SimulatedStep[] = [
    { kind: "head", afterMs: config.latencyMs, status: 200, headers: STREAM_HEADERS },
  ]
  for (const event of streamEvents(answer)) {
    const afterMs = event.isToken ? config.tokenIntervalMs : 0
    steps.push({ kind: "data", afterMs, bytes: utf8.encode(event.text) })
  }
  steps.push({ kind: "end", afterMs: 0 })
  return { steps }
}
