/** An image as a container gets it: its layers, one over the other, and what it says of itself. */
import { execFileSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"

export interface Unpacked {
  readonly root: string
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly env: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** `NAME.tar` of `folder` into `NAME.root` beside it. */
export function unpack(folder: string, name: string): Unpacked {
  const archive = join(folder, `${name}.tar`)
  const root = join(folder, `${name}.root`)
  const read = (member: string) =>
    execFileSync("tar", ["-xOf", archive, member], { maxBuffer: 512 * 1024 ** 2 })
  const [image] = JSON.parse(String(read("manifest.json")))
  mkdirSync(root)
  for (const layer of image.Layers) {
    execFileSync("tar", ["-xpf", "-", "-C", root], { input: read(layer) })
  }
  const { User, Entrypoint, Env, Labels } = JSON.parse(String(read(image.Config))).config
  return { root, user: User, entrypoint: Entrypoint, env: Env, labels: Labels }
}
