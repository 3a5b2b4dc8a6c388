/**
 * Terms of service that cost otherwise than the regular ones: a request asks for them, or its
 * account has them, and most answers say what they were served at.
 *
 * In: the body of a request, or the part of an answer that reports. Out: words of a closed list, so
 * that they may stand in logs. It must not know what any of them costs: a price says it.
 * Source: OpenAI API reference, `service_tier`; Anthropic API reference, "Messages", of the
 * `service_tier`, `speed` and `inference_geo` of a usage; Gemini API reference, ServiceTier, and
 * TrafficType of Vertex AI; GroqDocs, "Service Tiers".
 */
import { beginningOf, isString, type JsonDocument, memberOf, NONE } from "./json-document.ts"

/** What a price can have a multiplier for: a field, and one of its words that is not regular. */
export const PRICE_TERMS = [
  "service_tier=flex",
  "service_tier=priority",
  "service_tier=ultrafast",
  "service_tier=scale",
  "service_tier=performance",
  "service_tier=provisioned",
  "service_tier=offpeak",
  "speed=fast",
  "inference_geo=us",
] as const

type TermField = "service_tier" | "speed" | "inference_geo"

/**
 * By field a word of the list, `standard`, or `other`, which has no price. Absent: not said.
 * `billing` is never read but told by an adapter: `none` is what the provider counts and does not
 * bill, at any price.
 */
export type Terms = Readonly<Partial<Record<TermField | "billing", string>>>

/** By field the names under which providers have it; the first that says something holds. */
const NAMES: Readonly<Record<TermField, readonly string[]>> = {
  service_tier: ["service_tier", "serviceTier", "trafficType"],
  speed: ["speed"],
  inference_geo: ["inference_geo"],
}
const FIELDS = ["service_tier", "speed", "inference_geo"] as const

const REGULAR: ReadonlySet<string> = new Set([
  ...["service_tier=default", "service_tier=standard", "service_tier=standard_only"],
  ...["service_tier=on_demand", "speed=standard", "inference_geo=global"],
  // Of models that run in one place.
  "inference_geo=not_available",
])
/** What says that another decides. */
const UNSAID: ReadonlySet<string> = new Set([
  ...["service_tier=auto", "service_tier=unspecified", "service_tier=traffic_type_unspecified"],
])
/** Words for the same. */
const SAME: Readonly<Partial<Record<string, string>>> = {
  fast: "priority",
  on_demand_priority: "priority",
  on_demand_flex: "flex",
  on_demand_offpeak: "offpeak",
  provisioned_throughput: "provisioned",
}
/** No word is so long. */
const WORD_CHARS = 32
const PRICED: ReadonlySet<string> = new Set(PRICE_TERMS)
/** Every word that is known, by its field: looked up for each request and each answer. */
const WORDS: Readonly<Record<TermField, ReadonlyMap<string, string | null>>> = {
  service_tier: wordsOf("service_tier"),
  speed: wordsOf("speed"),
  inference_geo: wordsOf("inference_geo"),
}

function wordsOf(field: TermField): ReadonlyMap<string, string | null> {
  const known = [...REGULAR, ...UNSAID, ...PRICED].filter((term) => term.startsWith(`${field}=`))
  const words = known.map((term) => term.slice(field.length + 1))
  const same = field === "service_tier" ? Object.keys(SAME) : []
  return new Map([...words, ...same].map((text) => [text, judgeWord(field, text)]))
}

/** Of the members of `object`; undefined where it says nothing of terms. */
export function readTerms(document: JsonDocument, object: number): Terms | undefined {
  let terms: { [K in TermField]?: string } | undefined
  for (const field of FIELDS) {
    for (const name of NAMES[field]) {
      const node = memberOf(document, object, name)
      if (node === NONE || !isString(document, node)) continue
      const word = wordOf(field, beginningOf(document, node, WORD_CHARS).toLowerCase())
      if (word === null) continue
      terms ??= {}
      terms[field] = word
      break
    }
  }
  return terms
}

function wordOf(field: TermField, text: string): string | null {
  if (text === "") return null
  const word = WORDS[field].get(text)
  return word === undefined ? "other" : word
}

function judgeWord(field: TermField, text: string): string | null {
  const same = field === "service_tier" && Object.hasOwn(SAME, text) ? SAME[text] : undefined
  const word = same ?? text
  const term = `${field}=${word}`
  if (UNSAID.has(term)) return null
  if (REGULAR.has(term)) return "standard"
  return PRICED.has(term) ? word : "other"
}

export function isUnbilled(terms: Terms | undefined): boolean {
  return terms?.billing === "none"
}

/** What is asked for holds where nothing is told; undefined where all of it is regular. */
export function settleTerms(asked: Terms | undefined, told: Terms | undefined): Terms | undefined {
  const words = Object.entries({ ...asked, ...told }).filter(([, word]) => word !== "standard")
  return words.length === 0 ? undefined : Object.fromEntries(words)
}

/** Those that are not regular, as `PRICE_TERMS` has them or with `other`; most often none. */
export function namesOfTerms(terms: Terms | undefined): readonly string[] {
  if (terms === undefined) return NONE_NAMED
  return NAMED.flatMap((field) => {
    const word = terms[field]
    return word === undefined || word === "standard" ? [] : [`${field}=${word}`]
  })
}

const NAMED = [...FIELDS, "billing"] as const
const NONE_NAMED: readonly string[] = Object.freeze([])
