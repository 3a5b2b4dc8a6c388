/**
 * Stage 5, second half: what policies bound of a request's parameters.
 *
 * Where one looks at a body, none of the client's bytes go on: the body is written anew from what
 * was checked and parsed again like any other, so that what is measured, reserved, translated and
 * sent is one text. Everywhere else the request is the one that came.
 */
import { accept, type Decision, type ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import { limitOutput } from "#proxy/policy/limit-output.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import type { SurfaceLimits } from "#proxy/surfaces/limits.ts"
import type { Surface } from "#proxy/surfaces/surface.ts"

/** Refuses `invalid_value` where a client asks for more than policies allow. */
export function boundRequest(
  surface: Surface,
  { outputLimit }: Pick<Runtime, "outputLimit">,
  raw: RawRequest,
  parsed: Accepted,
  limits: SurfaceLimits,
): Decision<ParsedRequest> {
  if (outputLimit === null || surface.output === undefined) return parsed
  const body = limitOutput(parsed.value.document, surface.output, outputLimit)
  if (!body.ok) return body
  const again = surface.parse({ ...raw, body: body.value }, withRoom(limits))
  return again.ok ? accept({ ...again.value, isOutputBounded: true }) : again
}

interface Accepted {
  readonly ok: true
  readonly value: ParsedRequest
}

/** More than a member that is added takes: who stays within the limits is not refused for ours. */
const ROOM = 256

function withRoom(limits: SurfaceLimits): SurfaceLimits {
  const { bytesMax, depthMax, tokensMax } = limits.requestJson
  const requestJson = { bytesMax: bytesMax + ROOM, depthMax, tokensMax: tokensMax + ROOM }
  return { ...limits, requestJson }
}
