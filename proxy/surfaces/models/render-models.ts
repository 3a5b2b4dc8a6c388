/**
 * The list of models, and one of them, as each kind of client reads it: `GET /v1/models` is
 * OpenAI's, Anthropic's and, in its stable version, Gemini's; the headers that each SDK always
 * sends tell them apart.
 *
 * In: names. Out: JSON text. Sources: OpenAI API reference, "List models", "Retrieve model";
 * Anthropic API reference, "List Models", "Get a Model"; Gemini API reference, "models.list",
 * "models.get".
 */
import type { Decision, ModelsSurfaceName } from "#proxy/exchange/parsed-request.ts"
import { readModelInPath } from "../checks/read-model.ts"

/** Whole answers. */
export type ModelLists = Readonly<Record<ModelsSurfaceName, string>>

export function renderModels(names: readonly string[]): ModelLists {
  return Object.freeze({
    "openai-models": JSON.stringify({ object: "list", data: names.map(openAiModel) }),
    "anthropic-models": JSON.stringify({
      data: names.map(anthropicModel),
      has_more: false,
      first_id: names[0] ?? null,
      last_id: names.at(-1) ?? null,
    }),
    "gemini-models": JSON.stringify({ models: names.map(geminiModel) }),
  })
}

/** The same as it stands in the list. */
export function renderModel(name: string, surface: ModelsSurfaceName): string {
  switch (surface) {
    case "openai-models":
      return JSON.stringify(openAiModel(name))
    case "anthropic-models":
      return JSON.stringify(anthropicModel(name))
    case "gemini-models":
      return JSON.stringify(geminiModel(name))
  }
}

/** Who asks. */
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

/** What follows `/models/` in the path. Refuses `invalid_value`. */
export function modelAsked(path: string): Decision<string> {
  return readModelInPath(path.slice(path.indexOf(FOLDER) + FOLDER.length))
}

const FOLDER = "/models/"

/** A name in a route has no birthday: `created` is the epoch. */
function openAiModel(id: string): object {
  return { id, object: "model", created: 0, owned_by: "sidegate" }
}

/** Null is the shape's own word for what is not known, the epoch for a date that is not. */
function anthropicModel(id: string): object {
  return {
    type: "model",
    id,
    display_name: id,
    created_at: "1970-01-01T00:00:00Z",
    capabilities: null,
    max_input_tokens: null,
    max_tokens: null,
  }
}

/**
 * All that is served: a name in a route does not tell what its models do, and clients that look for
 * one to embed with, or to talk to, take none whose methods are not there.
 */
const METHODS = ["generateContent", "countTokens", "embedContent", "batchEmbedContents"] as const

function geminiModel(id: string): object {
  return {
    name: `models/${id}`,
    displayName: id,
    supportedGenerationMethods: METHODS,
  }
}
