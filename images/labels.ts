/**
 * What an image says of itself, by the names of the OCI image specification
 * (https://github.com/opencontainers/image-spec/blob/main/annotations.md).
 *
 * In: the image and where its sources are. Out: labels; nothing that depends on when or where it
 * was built, so that the same sources give the same labels. Must not know git: `source-facts.ts`
 * asks.
 */
import type { ImageName } from "./bundle.ts"

export interface SourceFacts {
  /** What the program says of itself, e.g. `0.1.0`. */
  readonly release: string
  /** Where the sources can be had, e.g. `https://git.example/sidegate`; null when nobody says. */
  readonly source: string | null
  /** The commit; null when nobody says. */
  readonly revision: string | null
}

export const LICENSES = "Apache-2.0"

/** Sorted by name; what is not known is left out. */
export function imageLabels(
  name: ImageName,
  { release, source, revision }: SourceFacts,
): Readonly<Record<string, string>> {
  return {
    "org.opencontainers.image.licenses": LICENSES,
    ...(revision === null ? {} : { "org.opencontainers.image.revision": revision }),
    ...(source === null ? {} : { "org.opencontainers.image.source": source }),
    "org.opencontainers.image.title": name,
    "org.opencontainers.image.version": release,
  }
}

/**
 * The address of a clone's origin as a page that people can open: `git@host:a/b.git` and
 * `ssh://git@host/a/b` become https. Null for a folder and for anything else. User and password
 * never come along.
 */
export function sourceUrl(remote: string): string | null {
  const scp = /^[\w.-]+@([\w.-]+):(?!\/\/)(.+)$/.exec(remote)
  const address = scp === null ? remote : `https://${scp[1]}/${scp[2]}`
  if (!/^(https|ssh|git):\/\//.test(address) || !URL.canParse(address)) return null
  const { protocol, host, hostname, pathname } = new URL(address)
  const place = protocol === "https:" ? host : hostname
  return `https://${place}${pathname.replace(/(\.git)?\/?$/, "")}`
}
