/** A client's request as text to its intermediate form, through the surface that it speaks. */
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"

export interface ReadForm {
  readonly request: ParsedRequest
  readonly chat: ChatRequest
}

/** Surfaces that name model and stream in the path, by the path's end. */
const PATHS: Readonly<Partial<Record<ModelSurfaceName, readonly [string, string]>>> = {
  "gemini-generate": [
    "/v1beta/models/smart:generateContent",
    "/v1beta/models/smart:streamGenerateContent",
  ],
}

/** Throws with the refusal's own words. `streams` asks in the path, where the surface does. */
export function readForm(
  name: ModelSurfaceName,
  body: string,
  asked: { readonly streams?: boolean; readonly query?: string } = {},
): ReadForm {
  const surface = SURFACES[name]
  const [whole, stream] = PATHS[name] ?? ["/", "/"]
  const path = asked.streams === true ? stream : whole
  const raw = makeRaw(body, { path, query: asked.query ?? "alt=sse" })
  const parsed = surface.parse(raw, PIPELINE_SETTINGS)
  if (!parsed.ok) throw new Error(`${name}: ${parsed.refusal.message}`)
  const form = surface.chat?.read(parsed.value)
  if (form === undefined) throw new Error(`${name} has no chat`)
  if (!form.ok) throw new Error(`${name}: ${form.refusal.message}`)
  return { request: parsed.value, chat: form.value }
}
