/** What the connected sidecars of a namespace run: release and configuration, counted. Pure. */
import { type NamespaceDetails, VERSIONS_MAX } from "#operator/api/v1alpha1/ai-namespace.ts"
import { compareVersions, formatVersion, type Version } from "#proxy/contract/push.ts"
import type { ConnectedSidecar } from "./ports.ts"

type SidecarVersions = Pick<NamespaceDetails, "config" | "versions">

/** `publishedHash`: of the newest configuration; null when there is none. */
export function versionsOf(
  sidecars: readonly ConnectedSidecar[],
  publishedHash: string | null,
): SidecarVersions {
  let newest: Version | null = null
  const counts = new Map<string, { readonly release: string; config: string; sidecars: number }>()
  for (const { release, heldHash, heldVersion } of sidecars) {
    const config = heldVersion === null ? "" : formatVersion(heldVersion)
    const isCurrent = heldVersion !== null && heldHash === publishedHash
    if (isCurrent && (newest === null || compareVersions(newest, heldVersion) < 0)) {
      newest = heldVersion
    }
    const key = `${release} ${config}`
    const count = counts.get(key)
    if (count === undefined) counts.set(key, { release, config, sidecars: 1 })
    else count.sidecars++
  }
  const versions = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, VERSIONS_MAX)
    .map(([, { release, config, sidecars: count }]) => ({
      release,
      ...(config === "" ? {} : { config }),
      sidecars: count,
    }))
  return { versions, ...(newest === null ? {} : { config: formatVersion(newest) }) }
}
