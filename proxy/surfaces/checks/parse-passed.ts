/**
 * Requests of surfaces that only an upstream of the same wire serves: a model, a prompt, and all
 * other fields untouched.
 */
import { isTrue, type JsonDocument, memberOf, NONE } from "#proxy/contract/json-document.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
  type SurfaceName,
} from "#proxy/exchange/parsed-request.ts"
import { type Measure, PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM } from "../surface.ts"
import { asksForUsage, checkBoolean, invalid } from "./field-checks.ts"
import { openRequest } from "./open-request.ts"
import { readUser } from "./read-user.ts"

export interface PassedRules {
  readonly surface: SurfaceName
  /** Member that holds the prompt; it must be there. */
  readonly prompt: string
  readonly mayStream: boolean
  /** The vendor's default for a body that names no model; absent: it must name one. */
  readonly modelUnsaid?: string
  /** What one entry of a prompt that is a list adds; absent: it is text as it stands. */
  readonly measureEntry?: Measure
  /** Further checks; null when all is well. */
  readonly check: (document: JsonDocument) => Refusal | null
  /** Output tokens at most, or a default. */
  readonly outputTokens: (document: JsonDocument, limits: SurfaceLimits) => number
}

export function parsePassed(
  bytes: Uint8Array,
  limits: SurfaceLimits,
  rules: PassedRules,
): Decision<ParsedRequest> {
  const opened = openRequest(bytes, limits.requestJson, rules.modelUnsaid)
  if (!opened.ok) return opened
  const { document } = opened.value
  const prompt = memberOf(document, 0, rules.prompt)
  const refusal =
    (prompt === NONE ? invalid(rules.prompt, "is missing") : null) ??
    checkBoolean(document, 0, "stream", "stream") ??
    rules.check(document)
  if (refusal !== null) return reject(refusal)
  const isStream = isTrue(document, memberOf(document, 0, "stream"))
  if (isStream && !rules.mayStream) return reject(invalid("stream", "must be false here"))
  const meter = new PromptMeter(document)
  if (rules.measureEntry === undefined) meter.text(prompt)
  else meter.content(prompt, rules.measureEntry)
  return accept({
    surface: rules.surface,
    ...opened.value,
    isStream,
    streamType: EVENT_STREAM,
    wantsUsage: isStream && asksForUsage(document),
    user: readUser(document, [memberOf(document, 0, "user")]),
    measure: meter.finish(rules.outputTokens(document, limits)),
  })
}
