/** Which client surface which schema serves, and how. */
import type { UpstreamWire } from "#proxy/providers/adapter.ts"
import { SURFACE_PATHS } from "#proxy/surfaces/registry.ts"
import type { Surface } from "#proxy/surfaces/surface.ts"
import { markdownTable } from "./replace-table.ts"
import { allWiresAt, UPSTREAMS } from "./upstreams.ts"

export function surfaceTable(): string {
  const rows = SURFACE_PATHS.map(([path, surface]) => [
    `\`${path}\``,
    ...UPSTREAMS.map((upstream) => servedAs(surface, allWiresAt(upstream))),
  ])
  return markdownTable(["client's path", ...UPSTREAMS.map(({ title }) => title)], rows)
}

/** As `proxy/pipeline/encode-request.ts` chooses: bytes pass where they can. */
export function servedAs(surface: Surface, wires: readonly UpstreamWire[]): string {
  if (wires.some(({ name, same }) => name === surface.wire && same !== null)) return "passed"
  const isTranslated = wires.some(
    (wire) =>
      (wire.chat !== null && surface.chat !== null) ||
      (wire.embeddings !== null && surface.embeddings !== null) ||
      (wire.rerank !== null && surface.rerank !== null),
  )
  return isTranslated ? "translated" : "-"
}
