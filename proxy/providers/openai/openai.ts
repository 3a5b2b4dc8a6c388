/**
 * The OpenAI schema: Chat Completions as api.openai.com and the many servers in its shape speak it.
 *
 * In: an OpenAI-shaped request, or any chat in the intermediate form. Out: of the former the same
 * bytes with the model's name and, in a stream, the wish for usage spliced in. Unknown fields pass
 * untouched in both directions. It must not know who asked. Source: OpenAI API reference, "Chat",
 * "Streaming"; error shape as in "Error codes"; how vendors differ is in `vendors.ts`.
 */
import { VENDORS } from "#proxy/contract/vendors.ts"
import type { CallPlace, ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { BEARER } from "../plain-wire.ts"
import { createAudioWires } from "./audio-wires.ts"
import { createChatWire } from "./chat-wire.ts"
import { createResponsesWire } from "./responses-wire.ts"
import { type VendorTraits, vendorTraits } from "./vendors.ts"
import { createWholeWires } from "./whole-wires.ts"

const BY_VENDOR: ReadonlyMap<string | null, readonly UpstreamWire[]> = new Map(
  VENDORS.map(({ name }) => [name, wiresAt(name, vendorTraits(name))]),
)
/** Of a server of unknown make. */
const PLAIN = wiresAt("OpenAI", vendorTraits(null))

export const openAi: ProviderAdapter = Object.freeze({
  schema: "OpenAI",
  wires: ({ vendor }) => BY_VENDOR.get(vendor) ?? PLAIN,
} satisfies ProviderAdapter)

/** Its script plays Chat Completions and nothing else: other surfaces are translated to it. */
export const simulated: ProviderAdapter = Object.freeze({
  schema: "Simulated",
  wires: () => SIMULATED,
} satisfies ProviderAdapter)

const SIMULATED = Object.freeze(PLAIN.filter(({ name }) => name === "openai.chat"))

function wiresAt(owner: string, traits: VendorTraits): readonly UpstreamWire[] {
  const path = ({ provider }: CallPlace, suffix: string) => provider.pathPrefix + suffix
  const chatPath = traits.paths["openai.chat"] ?? "/chat/completions"
  const chat = createChatWire(traits, {
    title: `${owner} Chat Completions`,
    path: (place) => path(place, chatPath),
    authorization: BEARER,
  })
  const place = { owner, path, authorization: BEARER }
  const others = [
    createResponsesWire(place),
    ...createWholeWires(place, traits),
    ...createAudioWires(place),
  ]
  return Object.freeze([chat, ...others].filter(({ name }) => traits.wires.includes(name)))
}
