/** An embedding request, of one content or a batch: bytes and path to ParsedRequest. */
import { type JsonDocument, memberOf, NONE } from "#proxy/contract/json-document.ts"
import type { JsonView } from "#proxy/contract/json-view.ts"
import { GoogleView } from "#proxy/exchange/google-names.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import { PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { invalid, placeIn } from "../checks/field-checks.ts"
import { measureParts } from "../gemini/measure-prompt.ts"
import { checkModel, modelInPath } from "../gemini/model-in-path.ts"
import { openGoogleBody } from "../gemini/open-google-body.ts"
import { checkParts } from "../gemini/parse-generate.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM } from "../surface.ts"

/** As the Gemini API's own limit ("at most 100 requests can be in one batch"). */
const BATCH_MAX = 100

export function parseEmbed(raw: RawRequest, limits: SurfaceLimits): Decision<ParsedRequest> {
  return parse("gemini-embed", raw, limits)
}

export function parseBatchEmbed(raw: RawRequest, limits: SurfaceLimits): Decision<ParsedRequest> {
  return parse("gemini-batch-embed", raw, limits)
}

type EmbedSurfaceName = "gemini-embed" | "gemini-batch-embed"

function parse(
  surface: EmbedSurfaceName,
  raw: RawRequest,
  limits: SurfaceLimits,
): Decision<ParsedRequest> {
  const named = modelInPath(raw.path)
  if (!named.ok) return named
  const opened = openGoogleBody(raw.body, limits.requestJson)
  if (!opened.ok) return opened
  const document = opened.value
  const model = named.value
  const body = new GoogleView(document)
  const requests = surface === "gemini-embed" ? [body] : body.member("requests")?.items()
  const refusal =
    checkModel(document, 0, model) ??
    checkBatch(requests) ??
    checkRequests(document, requests ?? [], model)
  if (refusal !== null) return reject(refusal)
  const meter = new PromptMeter(document)
  for (const { node } of requests ?? []) {
    measureParts(document, memberOf(document, node, "content"), meter)
  }
  return accept({
    surface,
    document,
    model,
    modelNode: NONE,
    isStream: false,
    streamType: EVENT_STREAM,
    wantsUsage: true,
    user: null,
    measure: meter.finish(0),
  })
}

function checkBatch(requests: readonly JsonView[] | undefined): Refusal | null {
  if (requests === undefined || requests.length === 0) {
    return invalid("requests", "must be a list of at least one request")
  }
  if (requests.length <= BATCH_MAX) return null
  return invalid("requests", `must have at most ${BATCH_MAX} entries`)
}

const MISSING = "is missing: it must be a content"

function checkRequests(
  document: JsonDocument,
  requests: readonly JsonView[],
  model: string,
): Refusal | null {
  for (const { where, isObject, kindName, node } of requests) {
    if (!isObject) return invalid(where, `must be an object, not ${kindName}`)
    const content = memberOf(document, node, "content")
    const refusal =
      checkModel(document, node, model) ??
      (content === NONE ? invalid(placeIn(where, "content"), MISSING) : null) ??
      checkParts(document, content)
    if (refusal !== null) return refusal
  }
  return null
}
