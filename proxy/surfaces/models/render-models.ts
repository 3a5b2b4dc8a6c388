/**
 * The list of models, as each kind of client reads it: `GET /v1/models` is OpenAI's, Anthropic's
 * and, in its stable version, Gemini's; the headers that each SDK always sends tell them apart.
 *
 * In: names. Out: JSON text. Sources: OpenAI API reference, "List models"; Anthropic API
 * reference, "List Models"; Gemini API reference, "models.list".
 */
import type { ModelsSurfaceName } from "#proxy/exchange/parsed-request.ts"

/** Whole answers. A name in a route has no birthday: `created` is the epoch. */
export type ModelLists = Readonly<Record<ModelsSurfaceName, string>>

export function renderModels(names: readonly string[]): ModelLists {
  return Object.freeze({
    "openai-models": JSON.stringify({
      object: "list",
      data: names.map((id) => ({ id, object: "model", created: 0, owned_by: "sidegate" })),
    }),
    "anthropic-models": JSON.stringify({
      data: names.map((id) => ({
        type: "model",
        id,
        display_name: id,
        created_at: "1970-01-01T00:00:00Z",
      })),
      has_more: false,
      first_id: names[0] ?? null,
      last_id: names.at(-1) ?? null,
    }),
    "gemini-models": JSON.stringify({
      models: names.map((id) => ({
        name: `models/${id}`,
        displayName: id,
        supportedGenerationMethods: ["generateContent", "countTokens"],
      })),
    }),
  })
}

/** Who asks for the list. */
export function modelsSurfaceOf(
  path: string,
  headers: Readonly<Record<string, string | undefined>>,
): ModelsSurfaceName {
  if (headers["anthropic-version"] !== undefined) return "anthropic-models"
  const isGoogle = ["x-goog-api-key", "x-goog-api-client"].some(
    (name) => headers[name] !== undefined,
  )
  return isGoogle || path.startsWith("/v1beta/") ? "gemini-models" : "openai-models"
}
