/**
 * `make images`: the images as archives, and with docker or buildah as images too.
 *
 * In: the checkout, and `--out DIR` (default `dist`), `--tag TAG` (default: the release). Out: in
 * DIR for each image its bundle, `NAME.sbom.json`, and `NAME.tar`, an archive as `docker load`,
 * `ctr images import` and `kind load image-archive` take it. The same checkout on the same machine
 * gives the same bytes. Where docker or buildah answer, they build from the Dockerfiles, on our own
 * packed base when theirs cannot be had.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { RELEASE } from "#proxy/contract/release.ts"
import { type Archive, writeArchive } from "./archive.ts"
import { baseFiles } from "./base-files.ts"
import {
  BUILDERS,
  type Builder,
  baseCommand,
  buildCommands,
  type Command,
  loadCommand,
} from "./builders.ts"
import { bundle, IMAGES, type ImageName } from "./bundle.ts"
import { baseOf, DOCKERFILES, entrypointOf, environmentOf } from "./dockerfile.ts"
import { imageLabels } from "./labels.ts"
import { describeContents } from "./sbom.ts"
import { readSourceFacts } from "./source-facts.ts"

const ROOT = join(import.meta.dirname, "..")

const HELP = `Builds sidegate-operator, sidegate-proxy and the application of the examples.

  --out DIR    where bundles, SBOMs and archives go (default: dist)
  --tag TAG    the images' tag (default: the release)
  --release V  what the programs say of themselves (default: ${RELEASE})
  --base IMAGE base image for docker or buildah (default: the Dockerfiles' own)
  --bundles    stop at the bundles: no image, no archive
  --builder B  docker or buildah (default: the first that answers)
  --packed     never use docker or buildah: pack this machine's Node as the base
  --source URL, --revision COMMIT
               what the images say of their sources (default: this checkout's origin and commit)
`

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "dist" },
    release: { type: "string", default: RELEASE },
    tag: { type: "string" },
    base: { type: "string" },
    bundles: { type: "boolean", default: false },
    builder: { type: "string" },
    packed: { type: "boolean", default: false },
    source: { type: "string" },
    revision: { type: "string" },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
if (values.bundles) {
  for (const name of IMAGES) await bundleInto(name)
  process.exit(0)
}
const known = readSourceFacts()
const tag = values.tag ?? values.release
const facts = {
  release: values.release,
  source: values.source ?? known.source,
  revision: values.revision ?? known.revision,
}
const builder = values.packed ? null : findBuilder()
const builtOn = builder === null ? null : await findBase(builder)
const how = builder ?? `packed on Node ${process.versions.node} of this machine`
console.log(`images: tag ${tag}, ${how}`)
for (const name of IMAGES) {
  const begun = performance.now()
  const archive = await build(name)
  const mebibytes = (statSync(archive.path).size / 1024 ** 2).toFixed(0)
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(
    `${archive.reference}  ${archive.path}  ${mebibytes} MiB  ${archive.digest}  ${seconds} s`,
  )
}

async function bundleInto(name: ImageName) {
  const folder = join(values.out, name)
  mkdirSync(folder, { recursive: true })
  return { folder, bundled: await bundle(name, folder, values.release) }
}

async function build(name: ImageName): Promise<Archive> {
  const { folder, bundled } = await bundleInto(name)
  const sbom = describeContents(name, values.release, bundled.packages)
  writeFileSync(join(values.out, `${name}.sbom.json`), sbom)
  writeFileSync(join(folder, "sbom.json"), sbom)
  const path = join(values.out, `${name}.tar`)
  const reference = `${name}:${tag}`
  if (builder === null) {
    const labels = imageLabels(name, facts)
    const start = { entrypoint: entrypointOf(name), environment: environmentOf(name) }
    const app = { files: bundled.files, folder, ...start }
    return writeArchive({ reference, path, labels, base: baseFiles(), app })
  }
  const dockerfile = join(ROOT, DOCKERFILES[name])
  const plan = { dockerfile, context: folder, reference, archive: path, base: builtOn, facts }
  for (const command of buildCommands(builder, plan)) run(command)
  return { reference, path, digest: `built by ${builder}` }
}

/** The first that is there and answers. */
function findBuilder(): Builder | null {
  const { builder: wanted } = values
  const among = BUILDERS.filter((one) => wanted === undefined || one === wanted)
  const found = among.find((one) => isDone([one, "info"]))
  if (found === undefined && wanted !== undefined) fail(`builder ${wanted} does not answer`)
  return found ?? null
}

/**
 * The base that was asked for, or null for the Dockerfiles' own; where that cannot be had, one that
 * is packed here.
 */
async function findBase(by: Builder): Promise<string | null> {
  const wanted = values.base ?? defaultBase()
  if (isDone(baseCommand(by, wanted))) return values.base ?? null
  if (values.base !== undefined) fail(`base ${wanted} cannot be had`)
  const reference = `localhost/sidegate-base:${tag}`
  console.log(`images: ${wanted} cannot be had; the base is packed from this machine's Node`)
  mkdirSync(values.out, { recursive: true })
  const path = join(values.out, "sidegate-base.tar")
  await writeArchive({ reference, path, labels: {}, base: baseFiles(), app: null })
  run(loadCommand(by, path))
  return reference
}

function defaultBase(): string {
  return baseOf("sidegate-proxy") ?? fail("proxy/Dockerfile names no base")
}

function isDone([program, ...args]: Command): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0
}

function run([program, ...args]: Command): void {
  const { status } = spawnSync(program, args, {
    stdio: "inherit",
    env: { ...process.env, SOURCE_DATE_EPOCH: "0" },
  })
  if (status !== 0) fail(`${program} ${args[0]} ended with ${status}`)
}

function fail(message: string): never {
  console.error(`images: ${message}`)
  process.exit(1)
}
