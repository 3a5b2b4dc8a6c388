/**
 * One program with everything it needs of npm inside: one file, and beside it what it loads only
 * when it is asked for (the SDKs of clouds, in the operator).
 *
 * In: which image, and where to. Out: the files of its folder `/app`, and the packages whose code
 * is in the bundle. Must not know archives.
 */
import { copyFileSync, readFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { build, type Metafile, type Plugin } from "esbuild"

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

/** Writes `main.mjs`, its parts and `LICENSE` into `folder`; rejects with the bundler's errors. */
export async function bundle(name: ImageName, folder: string, release: string): Promise<Bundled> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY[name]],
    outdir: resolve(ROOT, folder),
    entryNames: "main",
    chunkNames: "[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    plugins: [saying(release)],
    platform: "node",
    target: "node24",
    format: "esm",
    metafile: true,
    logLevel: "warning",
    // Licences stay in the file, at its end, whatever becomes of it.
    legalComments: "eof",
    // CommonJS packages inside the bundle call `require` for Node's own modules.
    // Its name must be none that a package has at its own top.
    banner: {
      js:
        'import{createRequire as sidegateRequire}from"node:module";' +
        "const require=sidegateRequire(import.meta.url);",
    },
  })
  copyFileSync(join(ROOT, "LICENSE"), resolve(ROOT, folder, "LICENSE"))
  const made = Object.keys(metafile.outputs).map((path) => basename(path))
  return { files: ["LICENSE", "sbom.json", ...made].sort(), packages: packagesOf(metafile) }
}

/** The programs say this release, whatever the checkout's is. */
function saying(release: string): Plugin {
  return {
    name: "release",
    setup: ({ onLoad }) => {
      const contents = `export const RELEASE = ${JSON.stringify(release)}\n`
      onLoad({ filter: /\/proxy\/contract\/release\.ts$/ }, () => ({ contents, loader: "ts" }))
    },
  }
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
