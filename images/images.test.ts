import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { extract } from "tar-stream"
import { afterAll, beforeAll, expect, test } from "vitest"
import { writeArchive } from "./archive.ts"
import { type BaseFile, baseFiles, NODE_PATH, NON_ROOT } from "./base-files.ts"
import { type Bundled, bundle, IMAGES } from "./bundle.ts"
import { DOCKERFILES, entrypointOf, environmentOf, nodeFlagsOf } from "./dockerfile.ts"
import { imageLabels } from "./labels.ts"
import { describeContents } from "./sbom.ts"

type Fields = Readonly<Record<string, unknown>>

let folder = ""
let bundled: Bundled
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sidegate-images-"))
  bundled = await bundle("sidegate-proxy", folder, "1.2.3-test")
  writeFileSync(
    join(folder, "sbom.json"),
    describeContents("sidegate-proxy", "1.2.3-test", bundled.packages),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("the operator's SDKs of clouds are beside what it always loads, and each loads by itself", async () => {
  const beside = join(folder, "operator")
  const { files, packages } = await bundle("sidegate-operator", beside, "1.2.3-test")
  const parts = files.filter((name) => name.startsWith("mint-"))
  const made = await Promise.all(
    parts.map(async (name) => Object.keys(await import(join(beside, name))).sort()),
  )
  expect(made).toEqual([
    ["askContainer", "assumeWithWebIdentity", "openSession"],
    ["signInToEntra"],
    ["exchangeToken", "signInWithKey"],
  ])
  // What main.mjs imports outright is always loaded; of these packages nothing may be.
  const always = ["main.mjs", ...eagerImports(readFileSync(join(beside, "main.mjs"), "utf8"))]
  const text = always.map((name) => readFileSync(join(beside, name), "utf8")).join("")
  expect(text).not.toMatch(/AssumeRoleWithWebIdentity|IdentityPoolClient|acquireTokenByClient/)
  const names = packages.map(({ name }) => name)
  expect(names).toEqual(
    expect.arrayContaining(["@aws-sdk/client-sts", "@azure/msal-node", "google-auth-library"]),
  )
}, 60_000)

function eagerImports(text: string): readonly string[] {
  return [...text.matchAll(/^(?:\} from|import) "\.\/([^"]+)";$/gm)].flatMap(
    ([, name]) => name ?? [],
  )
}

/** Not the real one, which is Node itself: what is packed does not matter here. */
const BASE: readonly BaseFile[] = [
  { path: "/etc/x", content: { kind: "text", text: "x" }, isExecutable: false },
  { path: NODE_PATH, content: { kind: "text", text: "node" }, isExecutable: true },
]

const LABELS = imageLabels("sidegate-proxy", {
  release: "1.2.3-test",
  source: null,
  revision: "c0ffee",
})

const pack = (name: string) =>
  writeArchive({
    reference: "sidegate-proxy:test",
    path: join(folder, name),
    labels: LABELS,
    base: BASE,
    app: {
      files: bundled.files,
      folder,
      entrypoint: entrypointOf("sidegate-proxy"),
      environment: environmentOf("sidegate-proxy"),
    },
  })

test("an archive packed twice is the same bytes", async () => {
  const [one, other] = [await pack("one.tar"), await pack("other.tar")]
  expect(one.digest).toBe(other.digest)
  expect(readFileSync(one.path).equals(readFileSync(other.path))).toBe(true)
})

test("it holds the base, the program with its licence and SBOM, and nothing else", async () => {
  const { path } = await pack("contents.tar")
  const outer = await entriesOf(readFileSync(path))
  const names = await Promise.all(
    [...outer]
      .filter(([name]) => name.endsWith("layer.tar"))
      .map(async ([, bytes]) => [...(await entriesOf(bytes)).keys()]),
  )
  expect(names.flat().sort()).toEqual([
    "app",
    "app/LICENSE",
    "app/main.mjs",
    "app/sbom.json",
    "etc",
    "etc/x",
    "tmp",
    "usr",
    "usr/local",
    "usr/local/bin",
    "usr/local/bin/node",
  ])
  const config = [...outer].find(([name]) => /^[0-9a-f]{64}\.json$/.test(name))?.[1]
  const { User, Entrypoint, Env, Labels } = JSON.parse(String(config)).config as Fields
  expect(User).toBe(`${NON_ROOT}:${NON_ROOT}`)
  const flags = ["--max-semi-space-size=16", "--expose-gc"]
  expect(Entrypoint).toEqual([NODE_PATH, ...flags, "/app/main.mjs"])
  const search = "PATH=/usr/local/bin:/usr/bin:/bin"
  expect(Env).toEqual([search, "NODE_ENV=production", "MALLOC_MMAP_THRESHOLD_=131072"])
  expect(Labels).toEqual(LABELS)
})

test("every Dockerfile starts Node on what is packed, with flags that Node knows", () => {
  for (const name of IMAGES) {
    const [program, ...rest] = entrypointOf(name)
    expect([program, rest.at(-1)], DOCKERFILES[name]).toEqual([NODE_PATH, "/app/main.mjs"])
    const { status } = spawnSync(process.execPath, [...nodeFlagsOf(name), "--version"])
    expect(status, DOCKERFILES[name]).toBe(0)
  }
})

test("a base alone is one layer", async () => {
  const path = join(folder, "base.tar")
  await writeArchive({ reference: "base:test", path, labels: {}, base: BASE, app: null })
  const names = [...(await entriesOf(readFileSync(path))).keys()]
  expect(names.filter((name) => name.endsWith("layer.tar"))).toHaveLength(1)
})

test("the SBOM names what is in the bundle, with version and licence", () => {
  const text = describeContents("sidegate-proxy", "1.2.3-test", bundled.packages)
  const { components } = JSON.parse(text) as { components: readonly Record<string, unknown>[] }
  const names = components.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(["node", "undici", "hono", "pino", "prom-client"]))
  expect(names).not.toContain("zod")
  for (const { version, licenses } of components) {
    expect(version).toMatch(/^\d+\.\d+/)
    expect(JSON.stringify(licenses)).toMatch(/"expression":"[^"]+"/)
  }
})

test("the bundle says the release that it was given", () => {
  const text = readFileSync(join(folder, "main.mjs"), "utf8")
  expect(text).toContain('"1.2.3-test"')
})

test("the bundle names no folder of the machine that made it", () => {
  expect(readFileSync(join(folder, "main.mjs"), "utf8")).not.toContain(
    join(import.meta.dirname, ".."),
  )
})

test("a base holds Node, the libraries it names, and a user that is not root", () => {
  const paths = baseFiles().map(({ path }) => path)
  expect(paths).toEqual(expect.arrayContaining([NODE_PATH, "/etc/passwd", "/etc/nsswitch.conf"]))
  expect(paths.filter((path) => /\/libc\.so\.6$|\/ld-linux/.test(path)).length).toBeGreaterThan(0)
})

/** Files and folders of a tar by name. */
async function entriesOf(bytes: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const entries = new Map<string, Buffer>()
  const reader = extract()
  reader.end(bytes)
  for await (const entry of reader) {
    const pieces: Buffer[] = []
    for await (const piece of entry) pieces.push(Buffer.from(piece as Uint8Array))
    entries.set(entry.header.name, Buffer.concat(pieces))
  }
  return entries
}
