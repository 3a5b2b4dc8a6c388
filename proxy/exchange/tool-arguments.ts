/**
 * Arguments of a tool call where they stop being a text and become JSON: only after a check.
 *
 * Some shapes carry them as a text, which a model or a client may have written wrongly; put unread
 * into a body that wants an object, they could end it and say other things.
 */
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { RawJson, writeJson } from "#proxy/contract/json-write.ts"

/** Bytes are bounded by the body that the text came in. */
const LIMITS = Object.freeze({
  bytesMax: 32 * 1024 * 1024,
  depthMax: 64,
  tokensMax: 500_000,
  loneSurrogates: "accepted",
} as const)

/** The text itself, `{}` for an empty one; null when it is no JSON object. */
export function parseArguments(text: string): RawJson | null {
  if (text.trim() === "") return new RawJson("{}")
  const scanned = scanJson(new TextEncoder().encode(text), LIMITS)
  return scanned.ok && new JsonView(scanned.document).isObject ? new RawJson(text) : null
}

/** A member of theirs that is a text; undefined where there is none, or they are no JSON. */
export function textInArguments(text: string, name: string): string | undefined {
  const scanned = scanJson(new TextEncoder().encode(text), LIMITS)
  return scanned.ok ? new JsonView(scanned.document).textOf(name) : undefined
}

/**
 * For an answer in a shape that wants an object: what a model wrote wrongly, or was cut off in,
 * stands whole in one member, so that the client sees it and no schema of a tool takes it.
 */
export function argumentsOrText(text: string): RawJson {
  return parseArguments(text) ?? new RawJson(writeJson({ invalid_arguments: text }))
}
