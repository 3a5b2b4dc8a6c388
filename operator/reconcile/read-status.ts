/**
 * The status that an object carries, as far as it is ours; whatever does not read as ours is null.
 */
import {
  DETAIL_FIELDS,
  type NamespaceDetails,
  parseNamespaceDetails,
} from "#operator/api/v1alpha1/ai-namespace.ts"
import type { IndexedKind } from "#operator/index/view.ts"
import type { ObjectStatus, SidecarCounts, StatusCondition, UsageStatus } from "./ports.ts"

/** Kinds whose status is the operator's. */
export const STATUS_KINDS: ReadonlySet<IndexedKind> = new Set<IndexedKind>([
  "AINamespace",
  "AIProvider",
  "ModelCatalog",
  "AIRoute",
  "ModelPolicy",
  "TeamQuota",
])

/** In the order in which they are written. */
const CONDITION_TYPES = [
  "Accepted",
  "ResolvedRefs",
  "Programmed",
  "LedgerWritable",
  "Ready",
] as const

/**
 * Input: the whole object as the API server gives it. Conditions come in our order, others are left
 * out.
 */
export function readStatus(object: unknown): ObjectStatus | null {
  const status = fieldOf(object, "status")
  const observedGeneration = fieldOf(status, "observedGeneration")
  const listed = fieldOf(status, "conditions")
  if (typeof observedGeneration !== "number" || !Array.isArray(listed)) return null
  const conditions: StatusCondition[] = []
  for (const type of CONDITION_TYPES) {
    const found: unknown = listed.find((one: unknown) => fieldOf(one, "type") === type)
    const condition = readCondition(type, found)
    if (condition !== null) conditions.push(condition)
  }
  const sidecars = readSidecars(fieldOf(status, "sidecars"))
  const usage = readUsage(fieldOf(status, "usage"))
  return {
    observedGeneration,
    conditions,
    ...(sidecars === null ? {} : { sidecars }),
    ...(usage === null ? {} : { usage }),
    ...readDetails(status),
  }
}

/** Only an AINamespace has these fields. What is not ours is left out, and so written anew. */
function readDetails(status: unknown): NamespaceDetails {
  const fields = DETAIL_FIELDS.flatMap((name) => {
    const value = fieldOf(status, name)
    return value === undefined ? [] : [[name, value] as const]
  })
  if (fields.length === 0) return {}
  const parsed = parseNamespaceDetails(Object.fromEntries(fields))
  return parsed.ok ? parsed.spec : {}
}

function readCondition(type: StatusCondition["type"], value: unknown): StatusCondition | null {
  const status = fieldOf(value, "status")
  const reason = fieldOf(value, "reason")
  const message = fieldOf(value, "message")
  const observedGeneration = fieldOf(value, "observedGeneration")
  const lastTransitionTime = fieldOf(value, "lastTransitionTime")
  if (status !== "True" && status !== "False" && status !== "Unknown") return null
  if (typeof reason !== "string" || typeof message !== "string") return null
  if (typeof observedGeneration !== "number" || typeof lastTransitionTime !== "string") return null
  return { type, status, reason, message, observedGeneration, lastTransitionTime }
}

function readSidecars(value: unknown): SidecarCounts | null {
  const connected = fieldOf(value, "connected")
  const programmed = fieldOf(value, "programmed")
  if (typeof connected !== "number" || typeof programmed !== "number") return null
  return { connected, programmed }
}

/** Counts that older releases did not write. */
const USAGE_PARTS = [
  ...(["cachedInputTokens", "cacheWriteTokens", "reasoningTokens", "unpriced"] as const),
]

function readUsage(value: unknown): UsageStatus | null {
  const inputTokens = fieldOf(value, "inputTokens")
  const outputTokens = fieldOf(value, "outputTokens")
  const tokens = fieldOf(value, "tokens")
  const usd = fieldOf(value, "usd")
  const since = fieldOf(value, "since")
  if (typeof inputTokens !== "number" || typeof outputTokens !== "number") return null
  if (typeof tokens !== "number" || typeof usd !== "string" || typeof since !== "string")
    return null
  const parts: { -readonly [K in (typeof USAGE_PARTS)[number]]?: number } = {}
  for (const part of USAGE_PARTS) {
    const count = fieldOf(value, part)
    if (typeof count === "number") parts[part] = count
  }
  return { inputTokens, outputTokens, tokens, ...parts, usd, since }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
