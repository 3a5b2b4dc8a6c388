import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { BUILDERS, type BuildPlan, baseCommand, buildCommands, loadCommand } from "./builders.ts"
import type { ImageName } from "./bundle.ts"
import { imageLabels, sourceUrl } from "./labels.ts"

const RELEASE = "1.2.3-test"
const PLAN: BuildPlan = {
  dockerfile: "proxy/Dockerfile",
  context: "dist/sidegate-proxy",
  reference: "sidegate-proxy:1",
  archive: "dist/sidegate-proxy.tar",
  base: null,
  facts: { release: RELEASE, source: "https://git.example/sidegate", revision: "c0ffee" },
}
const GIVEN = [
  `--build-arg VERSION=${RELEASE}`,
  "--build-arg REVISION=c0ffee",
  "--build-arg SOURCE=https://git.example/sidegate",
].join(" ")
const FILES = "-f proxy/Dockerfile -t sidegate-proxy:1"

const lines = (commands: readonly (readonly string[])[]) => commands.map((one) => one.join(" "))

test("docker builds from the Dockerfile, and saves", () => {
  expect(lines(buildCommands("docker", PLAN))).toEqual([
    `docker build ${FILES} ${GIVEN} dist/sidegate-proxy`,
    "docker save -o dist/sidegate-proxy.tar sidegate-proxy:1",
  ])
})

test("buildah builds from the Dockerfile without a clock, and pushes to an archive", () => {
  expect(lines(buildCommands("buildah", PLAN))).toEqual([
    `buildah build --timestamp 0 ${FILES} ${GIVEN} dist/sidegate-proxy`,
    "buildah push sidegate-proxy:1 docker-archive:dist/sidegate-proxy.tar:sidegate-proxy:1",
  ])
})

test.each(BUILDERS)(
  "%s is given the base that was asked for, and what nobody knows as empty",
  (by) => {
    const facts = { release: RELEASE, source: null, revision: null }
    const [build] = lines(buildCommands(by, { ...PLAN, base: "node:24-alpine", facts }))
    expect(build).toContain(" --build-arg BASE=node:24-alpine ")
    expect(build).toContain(" --build-arg REVISION= --build-arg SOURCE= ")
  },
)

test("a base is looked for, and one that was packed is loaded", () => {
  expect(lines(BUILDERS.map((by) => baseCommand(by, "node:24-slim")))).toEqual([
    "docker pull --quiet node:24-slim",
    "buildah pull --quiet --policy missing node:24-slim",
  ])
  expect(lines(BUILDERS.map((by) => loadCommand(by, "dist/base.tar")))).toEqual([
    "docker load --quiet -i dist/base.tar",
    "buildah pull --quiet docker-archive:dist/base.tar",
  ])
})

const DOCKERFILES: readonly (readonly [string, ImageName])[] = [
  ["operator/Dockerfile", "sidegate-operator"],
  ["proxy/Dockerfile", "sidegate-proxy"],
  ["examples/ask/Dockerfile", "sidegate-example"],
]
test.each(DOCKERFILES)("%s says what a packed image says", (path, name) => {
  const text = readFileSync(join(import.meta.dirname, "..", path), "utf8")
  const given: Readonly<Record<string, string>> = {
    VERSION: RELEASE,
    REVISION: "c0ffee",
    SOURCE: "https://git.example/sidegate",
  }
  const written = [...text.matchAll(/(org\.opencontainers\.[a-z.]+)="([^"]*)"/g)].map(
    ([, label = "", value = ""]) =>
      [label, value.replace(/\$\{(\w+)\}/, (_, key: string) => given[key] ?? "?")] as const,
  )
  expect(Object.fromEntries(written)).toEqual(imageLabels(name, PLAN.facts))
  for (const key of Object.keys(given)) expect(text).toContain(`ARG ${key}=""`)
})

test("labels that nobody knows the value of are left out", () => {
  const labels = imageLabels("sidegate-proxy", { release: "1", source: null, revision: null })
  expect(Object.keys(labels)).toEqual([
    "org.opencontainers.image.licenses",
    "org.opencontainers.image.title",
    "org.opencontainers.image.version",
  ])
})

test.each([
  ["https://git.example/team/sidegate.git", "https://git.example/team/sidegate"],
  ["https://user:secret@git.example:8443/team/sidegate", "https://git.example:8443/team/sidegate"],
  ["git@git.example:team/sidegate.git", "https://git.example/team/sidegate"],
  ["ssh://git@git.example:2222/team/sidegate.git/", "https://git.example/team/sidegate"],
  ["git://git.example/sidegate", "https://git.example/sidegate"],
  ["/srv/git/sidegate", null],
  ["file:///srv/git/sidegate", null],
  ["../sidegate", null],
])("the sources at %s are at %s", (remote, url) => {
  expect(sourceUrl(remote)).toBe(url)
})
