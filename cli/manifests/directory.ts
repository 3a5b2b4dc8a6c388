/**
 * Reads the manifests of a directory, folders below it included, and tells when something changed.
 */
import { isUtf8 } from "node:buffer"
import {
  type FSWatcher,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  watch,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { MANIFEST_LIMITS, type ManifestFault, type ManifestFile } from "./manifest.ts"

export interface DirectoryContent {
  /** Sorted by path. */
  readonly files: readonly ManifestFile[]
  /** Files that could not be read; what they held before stays in force. */
  readonly faults: readonly ManifestFault[]
}

/** A directory, or one file as if it were alone in its directory. */
export function readManifestsAt(path: string): DirectoryContent & { readonly base: string } {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    return { base: path, ...readDirectory(path) }
  const read = readManifest(dirname(path), basename(path))
  const content = "message" in read ? { files: [], faults: [read] } : { files: [read], faults: [] }
  return { base: dirname(path), ...content }
}

/** Throws with a sentence for the reader when `root` is no directory or holds too many files. */
export function readDirectory(root: string): DirectoryContent {
  const files: ManifestFile[] = []
  const listed = listManifests(root)
  const faults: ManifestFault[] = [...listed.faults]
  for (const path of listed.paths) {
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

interface Listed {
  readonly paths: readonly string[]
  /** Links and folders that were not followed. */
  readonly faults: readonly ManifestFault[]
}

function listManifests(root: string): Listed {
  const stat = statSync(root, { throwIfNoEntry: false })
  if (stat === undefined) throw new Error(`${root} does not exist`)
  if (!stat.isDirectory()) throw new Error(`${root} is not a directory`)
  const paths: string[] = []
  const faults: ManifestFault[] = []
  const walk = (folder: string, parents: readonly string[]): void => {
    const above = [...parents, realpathSync(join(root, folder))]
    for (const name of namesIn(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`
      const kind = kindOf(join(root, path), above)
      if (kind === "folder") walk(path, above)
      else if (kind === "file" && isManifest(name)) paths.push(path)
      else if (typeof kind === "object" && (kind.isFolder || isManifest(name)))
        faults.push({ file: path, line: 1, message: kind.message })
    }
  }
  walk("", [])
  if (paths.length > MANIFEST_LIMITS.filesMax)
    throw new Error(`${root} holds ${paths.length} manifests, ${MANIFEST_LIMITS.filesMax} at most`)
  return { paths: paths.sort(), faults }
}

function isManifest(name: string): boolean {
  return /\.(ya?ml|json)$/.test(name)
}

/** A folder that cannot be listed is an error as a whole: what it held must not seem removed. */
function namesIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => name !== "node_modules")
    return names.filter((name) => !name.startsWith(".")).sort()
  } catch (error) {
    throw new Error(`${folder} cannot be read (${textOf(error)})`)
  }
}

type Kind = "file" | "folder" | "other" | { readonly message: string; readonly isFolder: boolean }

/** `above` are the real paths of the folders that it is in. */
function kindOf(full: string, above: readonly string[]): Kind {
  try {
    const stat = statSync(full, { throwIfNoEntry: false })
    if (stat === undefined)
      return isLink(full) ? unread("a link that leads nowhere", false) : "other"
    if (stat.isFile()) return "file"
    if (!stat.isDirectory()) return "other"
    if (above.includes(realpathSync(full)))
      return unread("a link to a folder that it is in; it is not followed", true)
    const { depthMax } = MANIFEST_LIMITS
    return above.length > depthMax
      ? unread(`below ${depthMax} folders; it is not read`, true)
      : "folder"
  } catch (error) {
    return unread(textOf(error), false)
  }
}

function unread(message: string, isFolder: boolean): Kind {
  return { message, isFolder }
}

function isLink(full: string): boolean {
  return lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function readManifest(root: string, path: string): ManifestFile | ManifestFault {
  const full = join(root, path)
  try {
    const { size } = statSync(full)
    const { fileBytesMax } = MANIFEST_LIMITS
    if (size > fileBytesMax)
      return { file: path, line: 1, message: `${size} bytes, ${fileBytesMax} at most` }
    const bytes = readFileSync(full)
    if (!isUtf8(bytes)) return { file: path, line: 1, message: "not a text in UTF-8" }
    return { path, text: bytes.toString("utf8") }
  } catch (error) {
    return { file: path, line: 1, message: textOf(error) }
  }
}

function fingerprint(root: string): string {
  try {
    return listManifests(root)
      .paths.map((path) => {
        const stat = statSync(join(root, path), { throwIfNoEntry: false })
        return `${path}:${stat?.mtimeMs ?? 0}:${stat?.size ?? 0}`
      })
      .join("\n")
  } catch {
    return "unreadable"
  }
}
