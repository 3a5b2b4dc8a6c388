/** The text that ends start-up: where things are, and a first request to copy. */

import { OPERATOR_NAMESPACE } from "./objects.ts"

export interface Welcome {
  readonly directory: string
  readonly objects: readonly string[]
  readonly namespace: string
  readonly stateDir: string
  readonly port: number
  readonly adminPort: number
  /** A model that answers; null when no exact name does. */
  readonly model: string | null
  /** The AIRoutes that the files have. */
  readonly routes: readonly RouteModels[]
  /** Whether lines before told of objects that are not in order. */
  readonly hasProblems: boolean
}

export interface RouteModels {
  readonly namespace: string
  readonly models: readonly string[]
}

export const PLACEHOLDER_KEY = "sidegate-placeholder"

export function welcomeText(welcome: Welcome): string {
  const origin = `http://127.0.0.1:${welcome.port}`
  const places = [
    `manifests   ${welcome.directory}: ${welcome.objects.join(", ") || "no objects yet"}`,
    `plays       a pod of namespace ${welcome.namespace}`,
    `gateway     ${origin}/v1`,
    `metrics     http://127.0.0.1:${welcome.adminPort}/metrics`,
    `state       ${welcome.stateDir}`,
  ]
  return [...places, "", ...firstRequest(origin, welcome), "", ...sdk(origin), ""].join("\n")
}

function firstRequest(origin: string, welcome: Welcome): readonly string[] {
  const { model } = welcome
  if (model === null) return [whyNoModel(welcome)]
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] })
  return [
    "A first request:",
    "",
    `  curl -i ${origin}/v1/chat/completions \\`,
    `    -H 'content-type: application/json' \\`,
    `    -d '${body}'`,
  ]
}

function sdk(origin: string): readonly string[] {
  return [
    "Any SDK of OpenAI, Anthropic or Google, unchanged:",
    "",
    `  export OPENAI_BASE_URL=${origin}/v1 OPENAI_API_KEY=${PLACEHOLDER_KEY}`,
    `  export ANTHROPIC_BASE_URL=${origin} ANTHROPIC_API_KEY=${PLACEHOLDER_KEY}`,
    `  export GOOGLE_GEMINI_BASE_URL=${origin} GEMINI_API_KEY=${PLACEHOLDER_KEY}`,
    "",
    "Saved manifests take effect at once. Ctrl-C ends.",
  ]
}

/** What a person does next so that something is served. */
export function whyNoModel({ namespace, routes, hasProblems }: Omit<Welcome, "model">): string {
  const own = routes.filter((route) => [namespace, OPERATOR_NAMESPACE].includes(route.namespace))
  const begin = `No AIRoute of namespace ${namespace}`
  if (own.length === 0) {
    const others = [...new Set(routes.map((route) => route.namespace))]
    const elsewhere = `there are some in ${others.slice(0, 5).join(", ")}: choose with --namespace`
    return others.length === 0
      ? `${begin} is there yet: add one, it takes effect at once.`
      : `${begin} is there; ${elsewhere}.`
  }
  if (hasProblems)
    return `${begin} can serve now: see the lines above; what is mended is read at once.`
  const patterns = own.flatMap(({ models }) => models.filter((model) => model.endsWith("*")))
  return patterns.length === 0
    ? `${begin} serves a model to this pod: see its rules, and the ModelPolicies.`
    : `Served are names that begin as ${patterns.slice(0, 5).join(", ")} says; ask for one of them.`
}

/** `2 AIProvider`, `1 AIRoute` */
export function countKinds(kinds: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${count} ${kind}`)
}
