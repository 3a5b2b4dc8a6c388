/**
 * The least that Node needs of a system: itself, the libraries it names, name service, roots, a
 * user.
 *
 * In: the Node that runs this. Out: the files of a base layer, where they go and where they come
 * from. For machines that reach no registry; elsewhere the Dockerfile's base takes this place.
 */
import { spawnSync } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"

export interface BaseFile {
  /** Absolute, in the image. */
  readonly path: string
  readonly content: { readonly kind: "copy"; readonly from: string } | Text
  readonly isExecutable: boolean
}

interface Text {
  readonly kind: "text"
  readonly text: string
}

export const NODE_PATH = "/usr/local/bin/node"
/** As distroless images call it. */
export const NON_ROOT = 65_532

/** glibc opens these by name when a program looks up a host or a user. */
const NAME_SERVICE = ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"]
const ROOTS = "/etc/ssl/certs/ca-certificates.crt"

/** Throws when `ldd` cannot say what Node needs: a musl system, or none at all. */
export function baseFiles(): readonly BaseFile[] {
  const node = realpathSync(process.execPath)
  const libraries = librariesOf(node)
  const beside = dirname(libraries.find((path) => path.includes("/libc.so")) ?? "/lib/libc.so.6")
  const named = NAME_SERVICE.map((name) => join(beside, name)).filter((path) => existsSync(path))
  const roots = existsSync(ROOTS) ? [copy(ROOTS, ROOTS, false)] : []
  return [
    text("/etc/passwd", `root:x:0:0:root:/:/bin/false\nsidegate:x:${NON_ROOT}:${NON_ROOT}::/:\n`),
    text("/etc/group", `root:x:0:\nsidegate:x:${NON_ROOT}:\n`),
    text("/etc/nsswitch.conf", "hosts: files dns\n"),
    copy(NODE_PATH, node, true),
    ...roots,
    ...[...new Set([...libraries, ...named])].map((path) => copy(path, path, true)),
  ]
}

/** As `ldd` prints them: `libm.so.6 => /lib/.../libm.so.6 (0x...)`, and the loader alone. */
function librariesOf(program: string): readonly string[] {
  const { status, stdout } = spawnSync("ldd", [program], { encoding: "utf8" })
  const paths = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap((match) => match[1] ?? [])
  if (status !== 0 || paths.length === 0) {
    throw new Error(`ldd names no libraries of ${program}: a base can be packed on glibc only`)
  }
  return paths
}

function copy(path: string, from: string, isExecutable: boolean): BaseFile {
  return { path, content: { kind: "copy", from }, isExecutable }
}

function text(path: string, content: string): BaseFile {
  return { path, content: { kind: "text", text: content }, isExecutable: false }
}
