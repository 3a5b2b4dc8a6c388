/** The tier of service that a request asks for: what every wire can be told, or a feature. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import { type FeatureNotes, textIn } from "#proxy/exchange/read-body.ts"

/** A surface's words that ask for no tier of their own; null: they say nothing at all. */
export type Tiers = Readonly<Partial<Record<string, ChatRequest["serviceTier"]>>>

/**
 * `auto` is what happens when nothing is said; `default` is the standard tier even where a project
 * has another one. Source: OpenAI API reference, "Create chat completion", `service_tier`.
 */
export const OPENAI_TIERS: Tiers = Object.freeze({ auto: null, default: "standard" })

/** Any other tier is `service-tier`: it costs something else, and is had by agreement. */
export function readTier(
  body: JsonView,
  name: string,
  tiers: Tiers,
  notes: FeatureNotes,
): ChatRequest["serviceTier"] {
  const given = body.member(name)
  const text = textIn(body, name)
  if (given === undefined || text === undefined) return null
  const tier = Object.hasOwn(tiers, text) ? tiers[text] : undefined
  if (tier === undefined) notes.note("service-tier", given)
  else if (tier !== null) notes.note("service-tier-standard", given)
  return tier ?? null
}
