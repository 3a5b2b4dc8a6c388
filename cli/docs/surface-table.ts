/** Which client surface which schema serves, and how. */
import type { UpstreamWire } from "#proxy/providers/adapter.ts"
import { SURFACE_PATHS } from "#proxy/surfaces/registry.ts"
import type { Surface } from "#proxy/surfaces/surface.ts"
import { markdownTable } from "./replace-table.ts"
import { allWiresAt, UPSTREAMS } from "./upstreams.ts"

export function surfaceTable(): string {
  const rows = joinVersions(SURFACE_PATHS).map(([paths, surface]) => [
    paths.map((path) => `\`${path}\``).join(", "),
    ...UPSTREAMS.map((upstream) => servedAs(surface, allWiresAt(upstream))),
  ])
  return markdownTable(["client's path", ...UPSTREAMS.map(({ title }) => title)], rows)
}

/** Paths of one surface that differ in the version alone share a row, at the place of the first. */
export function joinVersions(
  paths: readonly (readonly [path: string, surface: Surface])[],
): readonly (readonly [paths: readonly string[], surface: Surface])[] {
  const rows = new Map<string, readonly [string[], Surface]>()
  for (const [path, surface] of paths) {
    const key = `${surface.name} ${path.replace(/^\/v\d[^/]*/, "")}`
    const row = rows.get(key)
    if (row === undefined) rows.set(key, [[path], surface])
    else row[0].push(path)
  }
  return [...rows.values()]
}

/**
 * As `proxy/pipeline/encode-request.ts` chooses: bytes pass where they can. A count that no
 * provider makes is the gateway's own estimate.
 */
export function servedAs(surface: Surface, wires: readonly UpstreamWire[]): string {
  if (wires.some(({ name, same }) => name === surface.wire && same !== null)) return "passed"
  const isTranslated = wires.some(
    (wire) =>
      (wire.chat !== null && surface.chat !== null) ||
      (wire.embeddings !== null && surface.embeddings !== null) ||
      (wire.rerank !== null && surface.rerank !== null),
  )
  if (isTranslated) return "translated"
  return surface.renderCount === undefined ? "-" : "estimated"
}
