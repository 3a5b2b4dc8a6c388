/**
 * Images as OpenAI and vendors of its shape draw them, whole or as a stream in which an image is
 * shown before it is done.
 *
 * Only for clients that speak it too. Source: OpenAI API reference, "Create image" and the events
 * of "Image generation streaming".
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import { TOKENS_PER_DRAWING } from "#proxy/exchange/prompt-measure.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import type { SameWire, StreamDecoder } from "../adapter.ts"
import { openEvent } from "../open-event.ts"
import { openPassTap } from "../pass-tap.ts"
import { countIn, reportOf } from "../read-report.ts"
import { whole } from "./listed-answer.ts"
import { errorOf, isErrorEvent } from "./read-answer.ts"

export const IMAGES: SameWire = Object.freeze({
  ...whole("data", readImageUsage, TOKENS_PER_DRAWING),
  // Not every vendor has such a stream; one that has not has drawn by then.
  mayComeWhole: true,
  openTap: (options, stream) =>
    openPassTap(new ImageDecoder(), options, stream.outputTokensExpected),
} satisfies SameWire)

function readImageUsage(view: JsonView): TokenUsage | undefined {
  const usage = view.member("usage")
  const outputTokens = countIn(usage, "output_tokens")
  const drawn = countIn(usage?.member("output_tokens_details"), "image_tokens")
  return usageOf({
    inputTokens: countIn(usage, "input_tokens"),
    inputImageTokens: countIn(usage?.member("input_tokens_details"), "image_tokens"),
    outputTokens,
    // Models that also answer in text tell the two apart.
    outputImageTokens: drawn ?? outputTokens,
  })
}

/**
 * `image_generation.partial_image`, many; `image_generation.completed`, one for each image, with
 * the usage of that image.
 */
class ImageDecoder implements StreamDecoder {
  private isComplete = false
  private usage: TokenUsage | undefined = undefined

  push(frame: Frame): readonly ResponseEvent[] {
    if (frame.kind === "done-marker") return this.finish()
    const view = openEvent(frame)
    if (isErrorEvent(frame)) return [errorOf(frame)]
    const type = view.textOf("type") ?? frame.name ?? ""
    if (type.endsWith(".partial_image")) return [IMAGE]
    if (!type.endsWith(".completed")) return []
    this.isComplete = true
    this.usage = sumOf(this.usage, readImageUsage(view))
    return [IMAGE, ...reportOf(this.usage)]
  }

  /** How many images come is not told: behind the last one the upstream closes. */
  finish(): readonly ResponseEvent[] {
    return this.isComplete ? [{ kind: "response-end" }] : []
  }
}

const IMAGE: ResponseEvent = Object.freeze({
  kind: "media-add",
  choice: 0,
  mimeType: "",
  base64: "",
} as const)

function sumOf(sum: TokenUsage | undefined, one: TokenUsage | undefined): TokenUsage | undefined {
  if (sum === undefined || one === undefined) return sum ?? one
  const plus = (a: number | undefined, b: number | undefined) =>
    a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)
  return usageOf({
    inputTokens: sum.inputTokens + one.inputTokens,
    inputImageTokens: plus(sum.inputImageTokens, one.inputImageTokens),
    outputTokens: sum.outputTokens + one.outputTokens,
    outputImageTokens: plus(sum.outputImageTokens, one.outputImageTokens),
  })
}
