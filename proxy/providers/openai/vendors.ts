/**
 * How each vendor of OpenAI's shape differs from it, as data: a row for each in
 * `proxy/contract/vendors.ts`.
 *
 * Requests of the same shape pass as they are, so that of a row they feel only `streamUsage`. A
 * request translated from another shape is told what the row takes, and refused what it does not.
 * What depends on the model rather than on the vendor is not here: the vendor itself refuses it.
 */
import type { ChatFeature, FeatureTable } from "#proxy/exchange/chat-feature.ts"
import type { Support } from "#proxy/exchange/feature-support.ts"
import { DROPPED } from "../shared-reasons.ts"
import { OPENAI_CHAT_FEATURES } from "./chat-features.ts"
import { type DroppedByVendors, VENDOR_ROWS, type VendorRow } from "./vendor-rows.ts"

export interface VendorTraits
  extends Required<Omit<VendorRow, "reference" | "refuses" | "takes" | "drops">> {
  /** Null for a server of unknown make. */
  readonly reference: string | null
  readonly features: FeatureTable
}

const DROPPED_BY_VENDORS = {
  user: { dropped: "it names the end user for checks of abuse; the answer does not depend on it" },
  "image-detail": { dropped: "it is a hint about resolution; the image itself arrives whole" },
  verbosity: DROPPED.hintAtLength,
  "parallel-tool-calls-off": DROPPED.firstCallOnly,
  "reasoning-effort": { dropped: "how much a model thinks is set at the server itself" },
  "reasoning-budget": { dropped: "how much a model thinks is set at the server itself" },
} as const satisfies Readonly<Record<DroppedByVendors, Support>>

/** A server that nobody named: OpenAI's older names of fields, which all of them take. */
const UNKNOWN: VendorTraits = Object.freeze({
  reference: null,
  wires: VENDOR_ROWS.OpenAI.wires,
  paths: {},
  outputLimit: "max_tokens",
  seed: "seed",
  callIds: "at-most-40",
  reasoningHistory: null,
  takesParts: false,
  takesUserAfterTool: true,
  streamUsage: "asked",
  features: OPENAI_CHAT_FEATURES,
} satisfies VendorTraits)

const TRAITS: ReadonlyMap<string, VendorTraits> = new Map(
  Object.entries(VENDOR_ROWS).map(([name, row]) => [name, traitsOf(row)]),
)

/** Of a row of the contract's table; a name from a later release is a server of unknown make. */
export function vendorTraits(vendor: string | null): VendorTraits {
  return (vendor === null ? undefined : TRAITS.get(vendor)) ?? UNKNOWN
}

function traitsOf(row: VendorRow): VendorTraits {
  const { refuses = [], takes = [], drops = [], ...traits } = row
  const changes: Partial<Record<ChatFeature, Support>> = {}
  if (traits.reasoningHistory !== undefined) {
    changes["reasoning-history"] = "yes"
    changes["reasoning-history-google"] = "yes"
    changes["reasoning-unsigned"] = "yes"
  }
  for (const feature of refuses) changes[feature] = "no"
  // What a tool shows is an image of the user's there.
  if (changes["image-data"] === "no") changes["tool-result-media"] = "no"
  for (const feature of takes) changes[feature] = "yes"
  for (const feature of drops) changes[feature] = DROPPED_BY_VENDORS[feature]
  return Object.freeze({
    ...UNKNOWN,
    ...traits,
    features: Object.freeze({ ...OPENAI_CHAT_FEATURES, ...changes }),
  } satisfies VendorTraits)
}
