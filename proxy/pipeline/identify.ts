/** Stage 2: who asks. The pod's identity decides; the request only names the user within it. */
import type { Caller } from "#proxy/exchange/caller.ts"
import { accept, type Decision, reject } from "#proxy/exchange/parsed-request.ts"
import { refuse } from "#proxy/exchange/refusal.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"

const USER_CHARS_MAX = 256

export function identify(
  runtime: Runtime,
  headers: Readonly<Record<string, string | undefined>>,
): Decision<Caller> {
  const { team } = runtime
  if (team.kind === "refused") {
    const field = team.field === null ? "" : ` ${team.field}`
    return reject(refuse(team.code, `${team.object}${field}: ${team.message}`))
  }
  return accept({
    namespace: runtime.namespace,
    team: runtime.teamName,
    application: runtime.application,
    user: headers["x-sidegate-user"]?.slice(0, USER_CHARS_MAX) || null,
  })
}

/** The request's deadline in ms: `x-sidegate-timeout-ms` only lowers the rule's. */
export function requestTimeout(
  headers: Readonly<Record<string, string | undefined>>,
  ruleMs: number,
): Decision<number> {
  const text = headers["x-sidegate-timeout-ms"]
  if (text === undefined) return accept(ruleMs)
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    const sentence = "x-sidegate-timeout-ms must be an integer from 1 to 999999999 milliseconds"
    return reject(refuse("invalid_value", sentence, { param: "x-sidegate-timeout-ms" }))
  }
  return accept(Math.min(Number(text), ruleMs))
}
