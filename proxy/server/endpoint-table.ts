/**
 * Endpoints by the path as it was sent: exact ones from a map, those that name a model in their
 * path from a short list. Nothing is decoded or normalised to find one.
 */
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { Client, RawRequest } from "#proxy/exchange/ports.ts"

export interface Endpoint {
  readonly method: "GET" | "POST"
  /** `{model}` stands for at least one character, slashes too. */
  readonly path: string
  readonly surface: SurfaceName
  /** Of a POST: a body of `multipart/form-data`; JSON when absent. */
  readonly takes?: "form"
  /** A throw is a bug; the handler has closed its exchange before. */
  readonly handle: (request: RawRequest, client: Client) => void
}

/**
 * All methods of a path; undefined when nothing is there. A path that ends in `{model}` would be
 * near every other under its folder: it is there for its own method alone.
 */
export type FindEndpoints = (path: string, method: string) => readonly Endpoint[] | undefined

const NAME = "{model}"

export function createEndpointTable(endpoints: readonly Endpoint[]): FindEndpoints {
  const exact = Map.groupBy(
    endpoints.filter(({ path }) => !path.includes(NAME)),
    ({ path }) => path,
  )
  const named = endpoints
    .filter(({ path }) => path.includes(NAME))
    .map((endpoint) => {
      const [prefix = "", suffix = ""] = endpoint.path.split(NAME)
      return { prefix, suffix, method: endpoint.method, found: [endpoint] }
    })
  return (path, method) => {
    const found = exact.get(path)
    if (found !== undefined) return found
    return named.find((one) => isBetween(path, one) && (one.suffix !== "" || one.method === method))
      ?.found
  }
}

interface Between {
  readonly prefix: string
  readonly suffix: string
}

function isBetween(path: string, { prefix, suffix }: Between): boolean {
  if (path.length <= prefix.length + suffix.length) return false
  return path.startsWith(prefix) && path.endsWith(suffix)
}
