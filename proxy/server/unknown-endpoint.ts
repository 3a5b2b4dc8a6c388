/**
 * A path that is nobody's: the served path that its sender most likely means, and the shape in
 * which to say so.
 *
 * In: the paths that are served, and one that is not. Out: a path to name, a surface whose errors
 * the sender reads. Nothing is served because it is near: a base URL with one `/v1` too many or too
 * few is for its owner to correct.
 */
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"

/** Undefined when no served path ends as `path` does. */
export type FindNearest = (path: string) => string | undefined

const VERSION = /^\/v\d[a-z0-9]*(?=\/)/

/**
 * `paths` in the order of preference; `{model}` in one stands for a name, and one that ends in it
 * is near to nothing.
 */
export function createFindNearest(paths: readonly string[]): FindNearest {
  const endings = paths
    .map((path) => ({ path, ending: endingOf(path) }))
    .filter(({ ending }) => ending !== "")
  // The longest ending says most: `/chat/completions` before `/completions`.
  const longestFirst = endings.toSorted((a, b) => b.ending.length - a.ending.length)
  return (path) => {
    const clean = path.replaceAll(/\/+/g, "/").replace(/\/$/, "").toLowerCase()
    return longestFirst.find(({ ending }) => clean.endsWith(ending))?.path
  }
}

/** Of `/v1/chat/completions` the part behind the version, of a named path that behind the name. */
function endingOf(path: string): string {
  const [, verb] = path.split("{model}")
  return (verb ?? path.replace(VERSION, "")).toLowerCase()
}

/** Whose errors a sender of this path reads; most clients speak OpenAI's. */
export function familyOf(path: string): SurfaceName {
  if (/\/messages(\/|$)/.test(path)) return "anthropic-messages"
  if (/\/v1beta\/|\/models\/[^/]+:[a-z]/i.test(path)) return "gemini-generate"
  return "openai-chat"
}
