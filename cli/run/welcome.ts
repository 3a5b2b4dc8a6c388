/** The text that ends start-up: where things are, and a first request to copy. */

export interface Welcome {
  readonly directory: string
  readonly objects: readonly string[]
  readonly namespace: string
  readonly stateDir: string
  readonly port: number
  readonly adminPort: number
  /** A model that answers; null when no route serves one. */
  readonly model: string | null
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

function firstRequest(origin: string, { model, namespace }: Welcome): readonly string[] {
  if (model === null)
    return [
      `No AIRoute of namespace ${namespace} serves a model yet: add one, it takes effect at once.`,
    ]
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

/** `2 AIProvider`, `1 AIRoute` */
export function countKinds(kinds: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${count} ${kind}`)
}
