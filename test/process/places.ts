/**
 * Places a test program needs: free ports and temporary directories, the latter removed at exit.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const directories = new Set<string>()
process.on("exit", () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** Ports on loopback that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listenAnywhere()))
  await Promise.all(
    servers.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve()))),
  )
  return servers.map(({ port }) => port)
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error("no free port on 127.0.0.1")
  return port
}

/** A new empty directory, removed when this process exits. `name` is only for people who look. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `sidegate-${name}-`))
  directories.add(directory)
  return directory
}

function listenAnywhere(): Promise<{ server: ReturnType<typeof createServer>; port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") reject(new Error("no port"))
      else resolve({ server, port: address.port })
    })
  })
}
