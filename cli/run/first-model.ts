/**
 * Asks the gateway itself which models this caller may use, for the request that start-up prints.
 */
import { asRecord, asText } from "#cli/manifests/manifest.ts"

/** First of the list that `GET /v1/models` answers; null when it is empty or cannot be had. */
export async function firstModel(origin: string): Promise<string | null> {
  try {
    const answer = await fetch(`${origin}/v1/models`, { signal: AbortSignal.timeout(5000) })
    const list = asRecord(await answer.json())?.["data"]
    const models = Array.isArray(list) ? list.map((one) => asText(asRecord(one)?.["id"])) : []
    return models.find((model) => model !== undefined) ?? null
  } catch {
    return null
  }
}

/** Names and patterns of an AIRoute's body, as far as they are texts. */
export function modelsOf(body: Readonly<Record<string, unknown>>): readonly string[] {
  const models = asRecord(body["spec"])?.["models"]
  return Array.isArray(models) ? models.filter((model) => typeof model === "string") : []
}
