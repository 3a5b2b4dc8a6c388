/**
 * An image archive of two layers, the base and the program, in the format of `docker save`
 * (https://github.com/moby/docker-image-spec/blob/main/v1.2.md).
 *
 * In: files. Out: one tar. Names sorted, owner root, time zero, nothing compressed: the same files
 * give the same bytes, and the base is one layer for both images. Must not know what the files are.
 */
import { createHash } from "node:crypto"
import { createWriteStream, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { type Pack, pack } from "tar-stream"
import { type BaseFile, NODE_PATH, NON_ROOT } from "./base-files.ts"

export interface Archive {
  readonly reference: string
  readonly path: string
  /** Of the image's configuration, which names all else. */
  readonly digest: string
}

export interface ArchiveOptions {
  /** `sidegate-proxy:0.1.0` */
  readonly reference: string
  readonly path: string
  readonly labels: Readonly<Record<string, string>>
  readonly base: readonly BaseFile[]
  /** Null makes an image that is a base alone. */
  readonly app: AppFiles | null
}

export interface AppFiles {
  /** Names in `folder`; they go below `/app`. */
  readonly files: readonly string[]
  readonly folder: string
  readonly entrypoint: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

interface Entry {
  readonly name: string
  readonly mode: number
  /** Null for a directory. */
  readonly bytes: Buffer | null
}

export async function writeArchive(options: ArchiveOptions): Promise<Archive> {
  const { reference, path, base, app } = options
  const program =
    app === null ? [] : withFolders(app.files.map((name) => appEntry(app.folder, name)))
  const layers = await Promise.all([
    layerOf([...withFolders(base.map(baseEntry)), { name: "tmp", mode: 0o1777, bytes: null }]),
    ...(program.length === 0 ? [] : [layerOf(program)]),
  ])
  const config = Buffer.from(JSON.stringify(configOf(options, layers)))
  const digest = sha256(config)
  const manifest = [
    {
      Config: `${digest}.json`,
      RepoTags: [reference],
      Layers: layers.map((layer) => `${layer.digest}/layer.tar`),
    },
  ]
  const archive = pack()
  const written = pipeline(piecesOf(archive), createWriteStream(path))
  await add(archive, { name: `${digest}.json`, mode: 0o644, bytes: config })
  const text = Buffer.from(JSON.stringify(manifest))
  await add(archive, { name: "manifest.json", mode: 0o644, bytes: text })
  for (const layer of layers) {
    await add(archive, { name: `${layer.digest}/layer.tar`, mode: 0o644, bytes: layer.bytes })
  }
  archive.finalize()
  await written
  writeFileSync(`${path}.digest`, `sha256:${digest}\n`)
  return { reference, path, digest: `sha256:${digest}` }
}

interface Layer {
  readonly bytes: Buffer
  readonly digest: string
}

async function layerOf(entries: readonly Entry[]): Promise<Layer> {
  const layer = pack()
  const read = piecesOf(layer).toArray()
  for (const entry of entries) await add(layer, entry)
  layer.finalize()
  const bytes = Buffer.concat(await read)
  return { bytes, digest: sha256(bytes) }
}

/** The library's streams are its own kind. */
function piecesOf(archive: Pack): Readable {
  return Readable.from(archive)
}

function add(archive: Pack, { name, mode, bytes }: Entry): Promise<void> {
  const header = { name, mode, uid: 0, gid: 0, mtime: new Date(0), uname: "", gname: "" }
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve())
    if (bytes === null) archive.entry({ ...header, type: "directory" }, done)
    else archive.entry({ ...header, type: "file", size: bytes.length }, bytes, done)
  })
}

function baseEntry({ path, content, isExecutable }: BaseFile): Entry {
  const bytes = content.kind === "text" ? Buffer.from(content.text) : readFileSync(content.from)
  return { name: path.slice(1), mode: isExecutable ? 0o755 : 0o644, bytes }
}

function appEntry(folder: string, name: string): Entry {
  return { name: `app/${name}`, mode: 0o644, bytes: readFileSync(join(folder, name)) }
}

/** Every folder once, before what is in it. */
function withFolders(files: readonly Entry[]): readonly Entry[] {
  const folders = new Set<string>()
  for (const { name } of files) {
    for (let at = dirname(name); at !== "."; at = dirname(at)) folders.add(at)
  }
  const entries = [...folders].map((name): Entry => ({ name, mode: 0o755, bytes: null }))
  return [...entries, ...files].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What the Dockerfiles say, once more. */
function configOf({ reference, labels, app }: ArchiveOptions, layers: readonly Layer[]) {
  const [name = reference] = reference.split(":")
  const environment = Object.entries(app?.environment ?? {}).map(
    ([key, value]) => `${key}=${value}`,
  )
  return {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      Entrypoint: app?.entrypoint ?? [NODE_PATH],
      Env: ["PATH=/usr/local/bin:/usr/bin:/bin", ...environment],
      User: `${NON_ROOT}:${NON_ROOT}`,
      WorkingDir: "/app",
      Labels: labels,
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => `sha256:${digest}`) },
    history: layers.map((_, at) => ({
      created: "1970-01-01T00:00:00Z",
      created_by: at === 0 ? "base" : name,
    })),
  }
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex")
}
