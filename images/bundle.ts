/**
 * One program as one file, with everything it needs of npm inside.
 *
 * In: which image, and where to. Out: the files of its folder `/app`, and the packages whose code
 * is in the bundle. Must not know archives.
 */
import { copyFileSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { build, type Metafile } from "esbuild"

export const IMAGES = ["sidegate-operator", "sidegate-proxy", "sidegate-example"] as const
export type ImageName = (typeof IMAGES)[number]

/** A package whose code is in the bundle. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** SPDX expression. */
  readonly license: string
}

export interface Bundled {
  /** Names below the folder, and below `/app` in the image. */
  readonly files: readonly string[]
  readonly packages: readonly BundledPackage[]
}

const ROOT = join(import.meta.dirname, "..")
const ENTRY: Readonly<Record<ImageName, string>> = {
  "sidegate-operator": "operator/main.ts",
  "sidegate-proxy": "proxy/main.ts",
  "sidegate-example": "examples/ask/main.ts",
}

/** Writes `main.mjs` and `LICENSE` into `folder`; rejects with the bundler's errors. */
export async function bundle(name: ImageName, folder: string): Promise<Bundled> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY[name]],
    outfile: resolve(ROOT, folder, "main.mjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    metafile: true,
    logLevel: "warning",
    // Licences stay in the file, at its end, whatever becomes of it.
    legalComments: "eof",
    // CommonJS packages inside the bundle call `require` for Node's own modules.
    banner: {
      js: 'import{createRequire as r}from"node:module";const require=r(import.meta.url);',
    },
  })
  copyFileSync(join(ROOT, "LICENSE"), resolve(ROOT, folder, "LICENSE"))
  return { files: ["LICENSE", "main.mjs", "sbom.json"], packages: packagesOf(metafile) }
}

function packagesOf(metafile: Metafile): readonly BundledPackage[] {
  const folders = Object.keys(metafile.inputs).flatMap((path) => folderOf(path) ?? [])
  return [...new Set(folders)].sort().map(readPackage)
}

/** `node_modules/a/node_modules/@b/c/lib/x.js` is in `node_modules/a/node_modules/@b/c`. */
function folderOf(path: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
}

function readPackage(folder: string): BundledPackage {
  const text = readFileSync(join(ROOT, folder, "package.json"), "utf8")
  const { name, version, license } = JSON.parse(text) as Record<string, unknown>
  if (typeof name !== "string" || typeof version !== "string" || typeof license !== "string") {
    throw new Error(`${folder}/package.json has no name, version or SPDX license`)
  }
  return { name, version, license }
}
