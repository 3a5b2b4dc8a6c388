/**
 * `make images`: the images as archives, and with docker or buildah as images too.
 *
 * In: the checkout, and `--out DIR` (default `dist`), `--tag TAG` (default: the version). Out: in
 * DIR for each image its bundle, `NAME.sbom.json`, and `NAME.tar`, an archive as `docker load`,
 * `ctr images import` and `kind load image-archive` take it. The same checkout on the same machine
 * gives the same bytes. Where docker or buildah answer, they build from the Dockerfiles instead of
 * our own base.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { RELEASE } from "#proxy/contract/release.ts"
import { type Archive, writeArchive } from "./archive.ts"
import { baseFiles } from "./base-files.ts"
import { bundle, IMAGES, type ImageName } from "./bundle.ts"
import { describeContents } from "./sbom.ts"

const HELP = `Builds sidegate-operator, sidegate-proxy and the application of the examples.

  --out DIR    where bundles, SBOMs and archives go (default: dist)
  --tag TAG    the images' tag (default: ${RELEASE})
  --base IMAGE base image for docker or buildah (default: the Dockerfiles' own)
  --bundles    stop at the bundles: no image, no archive
  --packed     never use docker or buildah: pack this machine's Node as the base
`

const DOCKERFILES: Readonly<Record<ImageName, string>> = {
  "sidegate-operator": "operator/Dockerfile",
  "sidegate-proxy": "proxy/Dockerfile",
  "sidegate-example": "examples/ask/Dockerfile",
}

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "dist" },
    tag: { type: "string", default: RELEASE },
    base: { type: "string" },
    bundles: { type: "boolean", default: false },
    packed: { type: "boolean", default: false },
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
const builder = values.packed ? null : findBuilder()
const how = builder ?? `packed on Node ${process.versions.node} of this machine`
console.log(`images: tag ${values.tag}, ${how}`)
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
  return { folder, bundled: await bundle(name, folder) }
}

async function build(name: ImageName): Promise<Archive> {
  const { folder, bundled } = await bundleInto(name)
  const sbom = describeContents(name, bundled.packages)
  writeFileSync(join(values.out, `${name}.sbom.json`), sbom)
  writeFileSync(join(folder, "sbom.json"), sbom)
  const path = join(values.out, `${name}.tar`)
  const reference = `${name}:${values.tag}`
  if (builder !== null) return buildWith(builder, name, folder, reference, path)
  return writeArchive({ reference, path, base: baseFiles(), app: bundled.files, folder })
}

/** The first that is there and answers. */
function findBuilder(): "docker" | "buildah" | null {
  const answers = (command: string) =>
    spawnSync(command, ["info"], { stdio: "ignore" }).status === 0
  if (answers("docker")) return "docker"
  return answers("buildah") ? "buildah" : null
}

function buildWith(
  builder: "docker" | "buildah",
  name: ImageName,
  context: string,
  reference: string,
  path: string,
): Archive {
  const file = join(import.meta.dirname, "..", DOCKERFILES[name])
  const base = values.base === undefined ? [] : ["--build-arg", `BASE=${values.base}`]
  const args = ["build", "-f", file, "-t", reference, ...base, context]
  run(builder, args)
  if (builder === "docker") run("docker", ["save", "-o", path, reference])
  else run("buildah", ["push", reference, `docker-archive:${path}:${reference}`])
  return { reference, path, digest: `built by ${builder}` }
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    stdio: "inherit",
    env: { ...process.env, SOURCE_DATE_EPOCH: "0" },
  })
  if (status !== 0) {
    console.error(`images: ${command} ${args[0]} ended with ${status}`)
    process.exit(1)
  }
}
