/** Terms of service, as requests ask for them and answers tell them, in words of a closed list. */
import { expect, test } from "vitest"
import { scanJson } from "./json-scan.ts"
import { namesOfTerms, PRICE_TERMS, readTerms } from "./price-terms.ts"

const LIMITS = { bytesMax: 9999, depthMax: 8, tokensMax: 99 }

function read(body: object) {
  const scanned = scanJson(Buffer.from(JSON.stringify(body)), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return readTerms(scanned.document, 0)
}

test.each([
  ["OpenAI's", { service_tier: "priority" }, ["service_tier=priority"]],
  ["its other word for that", { service_tier: "fast" }, ["service_tier=priority"]],
  ["a cheaper one", { service_tier: "flex" }, ["service_tier=flex"]],
  ["Gemini's", { serviceTier: "FLEX" }, ["service_tier=flex"]],
  ["Vertex AI's", { trafficType: "ON_DEMAND_PRIORITY" }, ["service_tier=priority"]],
  [
    "what is paid for ahead",
    { trafficType: "PROVISIONED_THROUGHPUT" },
    ["service_tier=provisioned"],
  ],
  [
    "Anthropic's, all of them",
    { service_tier: "priority", speed: "fast", inference_geo: "us" },
    ["service_tier=priority", "speed=fast", "inference_geo=us"],
  ],
  [
    "a field that the provider does not read hides none",
    { service_tier: "priority", serviceTier: "standard", trafficType: "ON_DEMAND" },
    ["service_tier=priority"],
  ],
  ["a word that is not known", { service_tier: "<script>" }, ["service_tier=other"]],
  ["a place that is not known", { inference_geo: "mars" }, ["inference_geo=other"]],
])("%s are told: %j", (_name, body, names) => {
  expect(namesOfTerms(read(body))).toEqual(names)
})

test.each([
  { service_tier: "default" },
  { service_tier: "standard_only" },
  { service_tier: "on_demand" },
  { serviceTier: "STANDARD" },
  { trafficType: "ON_DEMAND" },
  { speed: "standard" },
  { inference_geo: "global" },
  { inference_geo: "not_available" },
])("%j is told, and regular", (body) => {
  const terms = read(body)
  expect(Object.values(terms ?? {})).toEqual(["standard"])
  expect(namesOfTerms(terms)).toEqual([])
})

test.each([
  {},
  { service_tier: null, inference_geo: "" },
  { service_tier: "auto" },
  { serviceTier: "unspecified" },
  // Of speech, a number.
  { speed: 1.5 },
  { usage: { speed: "fast" } },
])("%j says nothing", (body) => {
  expect(read(body)).toBeUndefined()
})

test("every term that a price can have is read as itself", () => {
  for (const term of PRICE_TERMS) {
    const [field = "", word] = term.split("=")
    expect(namesOfTerms(read({ [field]: word }))).toEqual([term])
  }
})
