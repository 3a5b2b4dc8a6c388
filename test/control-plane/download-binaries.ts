/** The official envtest release, as setup-envtest fetches it, with its digest pinned here. */
import { createHash } from "node:crypto"
import { rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { PROGRAMS, type Say } from "./programs.ts"
import { runProgram } from "./run-program.ts"

const RELEASES = "https://github.com/kubernetes-sigs/controller-tools/releases/download"

/** SHA-512 by version and platform. A platform without a row is built instead. */
const DIGESTS: Readonly<Record<string, string>> = {
  "1.35.0-linux-amd64":
    "130369c16f076e724d089189afaede960316f5f5dea6cf57be7a4fc6f09c7734" +
    "2893192509790e4056e116e232dff832ed863f5bd55dcb55d38f3ab834828a11",
}

const DOWNLOAD_DEADLINE_MS = 10_000
const ARCHIVE_BYTES_MAX = 256 * 1024 * 1024

/**
 * Fetches and unpacks the release into `into`. False when this platform has no pinned digest or
 * nothing came within ten seconds; throws on a digest that differs, since that is never an
 * accident.
 */
export async function downloadBinaries(into: string, version: string, say: Say): Promise<boolean> {
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`
  const wanted = DIGESTS[`${version}-${platform}`]
  if (wanted === undefined) return false
  const archive = await fetchArchive(
    `${RELEASES}/envtest-v${version}/envtest-v${version}-${platform}.tar.gz`,
  )
  if (archive === null) {
    say(`the envtest release did not arrive within ${DOWNLOAD_DEADLINE_MS / 1000} seconds`)
    return false
  }
  const digest = createHash("sha512").update(archive).digest("hex")
  if (digest !== wanted) {
    throw new Error(
      `the envtest release ${version} for ${platform} has SHA-512 ${digest}, not ${wanted}`,
    )
  }
  const file = join(into, "envtest.tar.gz")
  await writeFile(file, archive)
  await runProgram("tar", ["-xzf", file, "-C", into], { deadlineMs: 60_000 })
  for (const program of PROGRAMS) {
    await rename(join(into, "controller-tools", "envtest", program), join(into, program))
  }
  await rm(join(into, "controller-tools"), { recursive: true, force: true })
  await rm(file, { force: true })
  return true
}

/** Null when there is no complete answer in time. */
async function fetchArchive(url: string): Promise<Buffer | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_DEADLINE_MS) })
    if (!response.ok) return null
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      if (size > ARCHIVE_BYTES_MAX) return null
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch {
    return null
  }
}
