/** What the Dockerfiles say of themselves, for what is built or run without one. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { ImageName } from "./bundle.ts"

const ROOT = join(import.meta.dirname, "..")

/** Below the root of the checkout. */
export const DOCKERFILES: Readonly<Record<ImageName, string>> = {
  "sidegate-operator": "operator/Dockerfile",
  "sidegate-proxy": "proxy/Dockerfile",
  "sidegate-example": "examples/ask/Dockerfile",
}

/** Program and arguments; throws for a Dockerfile without them. */
export function entrypointOf(name: ImageName): readonly string[] {
  const text = readDockerfile(name)
  const [, list = "[]"] = /^ENTRYPOINT (\[.*\])$/m.exec(text) ?? []
  const words: readonly string[] = JSON.parse(list)
  if (words.length < 2) throw new Error(`${DOCKERFILES[name]} names no program to start`)
  return words
}

/** Null: it names none. */
export function baseOf(name: ImageName): string | null {
  return /^ARG BASE=(\S+)$/m.exec(readDockerfile(name))?.[1] ?? null
}

/** What Node itself is told, as the image starts it. */
export function nodeFlagsOf(name: ImageName): readonly string[] {
  return entrypointOf(name).slice(1, -1)
}

/** What the image sets; a container adds to it. */
export function environmentOf(name: ImageName): Readonly<Record<string, string>> {
  const lines = readDockerfile(name).matchAll(/^ENV ([A-Z_]+)=(\S+)$/gm)
  return Object.fromEntries([...lines].map(([, key = "", value = ""]) => [key, value]))
}

function readDockerfile(name: ImageName): string {
  return readFileSync(join(ROOT, DOCKERFILES[name]), "utf8")
}
