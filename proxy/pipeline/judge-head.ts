/**
 * What the head of an upstream's answer promises: a stream, a whole answer, or what nobody asked
 * for. Pure.
 */
import type { AnswerHeaders } from "#proxy/exchange/ports.ts"
import type { StreamTap } from "#proxy/providers/adapter.ts"
import type { AttemptPlan } from "./attempt-plan.ts"
import type { PipelineSettings } from "./settings.ts"

export type Promised =
  | { readonly kind: "stream"; readonly tap: StreamTap }
  | { readonly kind: "whole" }
  /** `detail` follows the provider's name in a sentence. */
  | { readonly kind: "unfit"; readonly detail: string }

const WHOLE: Promised = Object.freeze({ kind: "whole" })

/** Of an answer with status 200. */
export function judgeHead(
  { codec, request, intent }: AttemptPlan,
  headers: AnswerHeaders,
  settings: PipelineSettings,
): Promised {
  if ((headers["content-encoding"] ?? "identity") !== "identity") {
    return unfit("answered in a content coding, which it was asked not to")
  }
  if (!request.isStream) return WHOLE
  const contentType = headers["content-type"] ?? ""
  const tap = codec.openTap(contentType, settings, intent)
  if (tap !== null) return { kind: "stream", tap }
  if (codec.takesWhole(contentType)) return WHOLE
  return unfit("answered with something else than a stream")
}

function unfit(detail: string): Promised {
  return { kind: "unfit", detail }
}
