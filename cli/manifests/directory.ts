/**
 * Reads the manifests of a directory, folders below it included, and tells when something changed.
 */
import { type FSWatcher, readdirSync, readFileSync, statSync, watch } from "node:fs"
import { join } from "node:path"
import { MANIFEST_LIMITS, type ManifestFault, type ManifestFile } from "./manifest.ts"

export interface DirectoryContent {
  /** Sorted by path. */
  readonly files: readonly ManifestFile[]
  /** Files that could not be read; what they held before stays in force. */
  readonly faults: readonly ManifestFault[]
}

/** Throws with a sentence for the reader when `root` is no directory or holds too many files. */
export function readDirectory(root: string): DirectoryContent {
  const files: ManifestFile[] = []
  const faults: ManifestFault[] = []
  for (const path of listManifests(root)) {
    const read = readManifest(root, path)
    if ("message" in read) faults.push(read)
    else files.push(read)
  }
  return { files, faults }
}

/**
 * Calls `onChange` some time after the last of a burst of changes below `root`. Editors and git
 * touch many files at once, so a burst is one change; where the system cannot watch, a look every
 * second finds it.
 */
export function watchDirectory(root: string, onChange: () => void): { close(): void } {
  let timer: NodeJS.Timeout | undefined
  let watcher: FSWatcher | undefined
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(onChange, BURST_MS)
  }
  try {
    watcher = watch(root, { recursive: true }, soon)
    watcher.on("error", () => watcher?.close())
  } catch {
    watcher = undefined
  }
  let before = fingerprint(root)
  const rescan = setInterval(() => {
    const now = fingerprint(root)
    if (now !== before) soon()
    before = now
  }, RESCAN_MS)
  return {
    close: () => {
      clearTimeout(timer)
      clearInterval(rescan)
      watcher?.close()
    },
  }
}

const BURST_MS = 100
/** Finds what the watch missed (network file systems, a replaced directory). */
const RESCAN_MS = 1000

function listManifests(root: string): readonly string[] {
  const paths: string[] = []
  const walk = (folder: string, depth: number): void => {
    if (depth > MANIFEST_LIMITS.depthMax) return
    for (const name of readdirSync(join(root, folder)).sort()) {
      if (name.startsWith(".") || name === "node_modules") continue
      const path = folder === "" ? name : `${folder}/${name}`
      const stat = statSync(join(root, path), { throwIfNoEntry: false })
      if (stat?.isDirectory() === true) walk(path, depth + 1)
      if (stat?.isFile() === true && /\.(ya?ml|json)$/.test(name)) paths.push(path)
    }
  }
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`${root} is not a directory`)
  walk("", 0)
  if (paths.length > MANIFEST_LIMITS.filesMax)
    throw new Error(`${root} holds ${paths.length} manifests, ${MANIFEST_LIMITS.filesMax} at most`)
  return paths.sort()
}

function readManifest(root: string, path: string): ManifestFile | ManifestFault {
  const full = join(root, path)
  try {
    const { size } = statSync(full)
    if (size <= MANIFEST_LIMITS.fileBytesMax) return { path, text: readFileSync(full, "utf8") }
    const message = `${size} bytes, ${MANIFEST_LIMITS.fileBytesMax} at most`
    return { file: path, line: 1, message }
  } catch (error) {
    return { file: path, line: 1, message: error instanceof Error ? error.message : String(error) }
  }
}

function fingerprint(root: string): string {
  try {
    return listManifests(root)
      .map((path) => {
        const stat = statSync(join(root, path), { throwIfNoEntry: false })
        return `${path}:${stat?.mtimeMs ?? 0}:${stat?.size ?? 0}`
      })
      .join("\n")
  } catch {
    return "unreadable"
  }
}
