/**
 * Places a test program needs: free ports and temporary directories, the latter removed at exit.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const directories = new Set<string>()
process.on("exit", () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/**
 * Ports on loopback for a program to listen on later, all different, and none twice in this thread.
 * They were free a moment ago, and stay so: they are below those that the system gives to who asks
 * for port 0 or dials out, as every other test does meanwhile. Where it leaves no such room, they
 * are of the system's choice.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Listening[] = []
  while (servers.length < count) {
    const server = await listenOn(nextPort())
    if (server !== null) servers.push(server)
  }
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

/**
 * A new empty directory, removed when this process or the vitest run ends. `name` is only for
 * people who look.
 */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `sidegate-${name}-`))
  directories.add(directory)
  return directory
}

/** Of the ports tried: above what services are known by, below the NodePorts of a cluster. */
const PORTS = { first: 15_000, count: 14_000 }
/** Threads and processes each begin somewhere, and go on one by one: they hardly ever meet. */
let tried = Math.floor(Math.random() * PORTS.count)

/** 0, for any, where the system gives out these ports itself. */
function nextPort(): number {
  if (lowestGiven() < PORTS.first + PORTS.count) return 0
  tried += 1
  return PORTS.first + (tried % PORTS.count)
}

/** The lowest port that this system gives to who asks for any; 0 when it does not say. */
function lowestGiven(): number {
  try {
    return Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"), 10)
  } catch {
    return 0
  }
}

interface Listening {
  readonly server: Server
  readonly port: number
}

/** Null when somebody has it. */
function listenOn(wanted: number): Promise<Listening | null> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null)
      else reject(error)
    })
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") reject(new Error("no port"))
      else resolve({ server, port: address.port })
    })
  })
}
