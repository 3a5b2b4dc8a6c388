/**
 * The last good Snapshot, the pod's identity and the keys, on the memory-backed volume: a sidecar
 * restarted while the operator is away serves at once.
 *
 * In: what is in force. Out: files, each replaced whole; the keys in one of their own that only
 * this user can read. Must not know what a Snapshot means.
 */
import { mkdirSync, readFileSync } from "node:fs"
import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { CONTROL_JSON, parseJson } from "#proxy/contract/json.ts"
import type { CredentialsPush, PodIdentity, SnapshotPush } from "#proxy/contract/push.ts"
import { readCredentials, readIdentity, readSnapshotPush } from "./read-messages.ts"

const SNAPSHOT_FILE = "last-good.json"
const CREDENTIALS_FILE = "credentials.json"
/** The directory and all in it are this user's alone. */
const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o600

export interface SavedConfig {
  readonly push: SnapshotPush
  readonly identity: PodIdentity
  /** Wall clock in ms when it came into force. */
  readonly savedAt: number
}

export interface LastGood {
  /** Null when there is none, or none that can be read. */
  readonly config: SavedConfig | null
  readonly credentials: CredentialsPush | null
  /**
   * Files that were there and could not be read; they are left out and replaced at the next save.
   */
  readonly unreadable: readonly string[]
}

export interface LastGoodStore {
  load(): LastGood
  /** The newest value is written; one that is overtaken while it waits is not. */
  saveConfig(config: SavedConfig): void
  saveCredentials(credentials: CredentialsPush): void
  /** Resolves when everything saved so far is written, or was found unwritable. */
  flush(): Promise<void>
}

/**
 * `onFailure` hears of a file that could not be written; what is in force stays so. Throws if the
 * directory cannot be made.
 */
export function openLastGood(
  directory: string,
  onFailure: (file: string, error: unknown) => void,
): LastGoodStore {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE })
  const config = new LatestFile(join(directory, SNAPSHOT_FILE), onFailure)
  const credentials = new LatestFile(join(directory, CREDENTIALS_FILE), onFailure)
  return {
    load: () => load(directory),
    saveConfig: (value) => config.save(value),
    saveCredentials: (value) => credentials.save(value),
    flush: async () => {
      await Promise.all([config.idle(), credentials.idle()])
    },
  }
}

function load(directory: string): LastGood {
  const unreadable: string[] = []
  const read = <T>(name: string, parse: (value: unknown) => T | undefined): T | null => {
    const bytes = readQuietly(join(directory, name))
    if (bytes === undefined) return null
    const json = parseJson(bytes, CONTROL_JSON)
    const value = json.ok ? parse(json.value) : undefined
    if (value === undefined) unreadable.push(name)
    return value ?? null
  }
  const config = read(SNAPSHOT_FILE, readSavedConfig)
  const credentials = read(CREDENTIALS_FILE, readCredentials)
  return { config, credentials, unreadable }
}

function readSavedConfig(value: unknown): SavedConfig | undefined {
  if (typeof value !== "object" || value === null) return undefined
  if (!("push" in value) || !("identity" in value) || !("savedAt" in value)) return undefined
  const push = readSnapshotPush(value.push)
  const identity = readIdentity(value.identity)
  const { savedAt } = value
  if (push === undefined || identity === undefined || typeof savedAt !== "number") return undefined
  return { push, identity, savedAt }
}

/** One file that always holds a whole value: written beside it, then renamed over it. */
class LatestFile {
  readonly #path: string
  readonly #onFailure: (file: string, error: unknown) => void
  #next: { readonly value: unknown } | null = null
  #writing: Promise<void> | null = null

  constructor(path: string, onFailure: (file: string, error: unknown) => void) {
    this.#path = path
    this.#onFailure = onFailure
  }

  save(value: unknown): void {
    this.#next = { value }
    this.#writing ??= this.#run()
  }

  async idle(): Promise<void> {
    while (this.#writing !== null) await this.#writing
  }

  async #run(): Promise<void> {
    while (this.#next !== null) {
      const { value } = this.#next
      this.#next = null
      const temporary = `${this.#path}.tmp`
      try {
        await writeFile(temporary, JSON.stringify(value), { mode: FILE_MODE })
        await rename(temporary, this.#path)
      } catch (error) {
        this.#onFailure(this.#path, error)
      }
    }
    this.#writing = null
  }
}

function readQuietly(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
