/**
 * The command lines of docker and buildah, as values.
 *
 * In: what to build. Out: programs with their arguments, in order; the first that fails ends it.
 * Pure: `build.ts` runs them, and tests read them where neither program is.
 */
import type { SourceFacts } from "./labels.ts"

export const BUILDERS = ["docker", "buildah"] as const
export type Builder = (typeof BUILDERS)[number]

export type Command = readonly [program: string, ...args: readonly string[]]

export interface BuildPlan {
  readonly dockerfile: string
  /** The folder with bundle, SBOM and licence. */
  readonly context: string
  /** `sidegate-proxy:0.1.0` */
  readonly reference: string
  /** Where the archive goes. */
  readonly archive: string
  /** Null: the Dockerfile's own. */
  readonly base: string | null
  readonly facts: SourceFacts
}

/** Builds the image, and writes it as an archive as `docker load` takes it. */
export function buildCommands(builder: Builder, plan: BuildPlan): readonly Command[] {
  const { dockerfile, context, reference, archive, base, facts } = plan
  const values = {
    ...(base === null ? {} : { BASE: base }),
    VERSION: facts.release,
    REVISION: facts.revision ?? "",
    SOURCE: facts.source ?? "",
  }
  const given = Object.entries(values).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`])
  const named = ["-f", dockerfile, "-t", reference]
  if (builder === "docker") {
    return [
      ["docker", "build", ...named, ...given, context],
      ["docker", "save", "-o", archive, reference],
    ]
  }
  return [
    ["buildah", "build", "--timestamp", "0", ...named, ...given, context],
    ["buildah", "push", reference, `docker-archive:${archive}:${reference}`],
  ]
}

/** Succeeds when the base is here already or can be had of its registry. */
export function baseCommand(builder: Builder, base: string): Command {
  return builder === "docker"
    ? ["docker", "pull", "--quiet", base]
    : ["buildah", "pull", "--quiet", "--policy", "missing", base]
}

/** Brings a base that was packed here to the builder. */
export function loadCommand(builder: Builder, archive: string): Command {
  return builder === "docker"
    ? ["docker", "load", "--quiet", "-i", archive]
    : ["buildah", "pull", "--quiet", `docker-archive:${archive}`]
}
