/**
 * The Azure OpenAI schema: OpenAI's wire at a resource of Azure OpenAI or Microsoft Foundry.
 *
 * In and out as for OpenAI; what differs is the path, where the key goes (a token of Entra goes as
 * Bearer, as every token does), and what dated versions of the API know. Content filter results are
 * fields that pass. The model of a backend is the name of a deployment: it stands in the path of
 * the dated versions, and in the body of both. Source: Azure OpenAI REST API reference, "Data plane
 * inference"; "API version lifecycle" for the paths under `/openai/v1`.
 */
import type { CallPlace, ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { createAudioWires } from "../openai/audio-wires.ts"
import { createChatWire } from "../openai/chat-wire.ts"
import { createResponsesWire } from "../openai/responses-wire.ts"
import { type VendorTraits, vendorTraits } from "../openai/vendors.ts"
import { createWholeWires } from "../openai/whole-wires.ts"
import { pathSegment } from "../path-segment.ts"

const CURRENT: VendorTraits = Object.freeze({
  ...vendorTraits("OpenAI"),
  reference: "https://learn.microsoft.com/azure/foundry/openai/reference",
})
/** They are older than hints for the cache of prompts and tiers of service. */
const DATED: VendorTraits = Object.freeze({ ...CURRENT, features: vendorTraits(null).features })
/** Until then only the o1 models knew `max_completion_tokens`. */
const COMPLETION_TOKENS_SINCE = "2025-01-01"
const NAMED_AS_BEFORE: VendorTraits = Object.freeze({ ...DATED, outputLimit: "max_tokens" })
/** Before, `stream_options` is refused, and a stream has no report. */
const STREAM_OPTIONS_SINCE = "2024-09-01"
const WITHOUT_REPORT: VendorTraits = Object.freeze({ ...NAMED_AS_BEFORE, streamUsage: "unasked" })

const [current, dated, namedAsBefore, withoutReport] = [
  wiresOf(CURRENT),
  wiresOf(DATED),
  wiresOf(NAMED_AS_BEFORE),
  wiresOf(WITHOUT_REPORT),
] as const

export const azureOpenAi: ProviderAdapter = Object.freeze({
  schema: "AzureOpenAI",
  wires: (provider) => {
    const version = versionOf(provider)
    // Dates as text compare as dates; a preview comes after its day.
    if (version === null) return current
    if (version >= COMPLETION_TOKENS_SINCE) return dated
    return version >= STREAM_OPTIONS_SINCE ? namedAsBefore : withoutReport
  },
} satisfies ProviderAdapter)

function wiresOf(traits: VendorTraits): readonly UpstreamWire[] {
  const authorization = Object.freeze({ header: "api-key", prefix: "" })
  const chat = createChatWire(traits, {
    title: "Azure OpenAI Chat Completions",
    path: (place) => pathTo(place, "/chat/completions"),
    authorization,
  })
  const place = { owner: "Azure OpenAI", path: pathTo, authorization }
  const others = [
    createResponsesWire({ ...place, path: pathOfResponses }),
    ...createWholeWires(place, traits),
    ...createAudioWires(place),
  ]
  // Azure has no moderations: content filters run with every call there.
  return Object.freeze([chat, ...others.filter(({ name }) => name !== "openai.moderations")])
}

function pathTo({ provider, model }: CallPlace, suffix: string): string {
  const version = versionOf(provider)
  const base = `${provider.pathPrefix}/openai`
  if (version === null) return `${base}/v1${suffix}`
  return `${base}/deployments/${pathSegment(model)}${suffix}?api-version=${version}`
}

/** No deployment is in this path, whatever the version: the body names it. */
function pathOfResponses(place: CallPlace, suffix: string): string {
  const version = versionOf(place.provider)
  if (version === null) return pathTo(place, suffix)
  return `${place.provider.pathPrefix}/openai${suffix}?api-version=${version}`
}

function versionOf({ options }: CallPlace["provider"]): string | null {
  return options?.schema === "AzureOpenAI" ? options.apiVersion : null
}
