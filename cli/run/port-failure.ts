/** Why the gateway cannot listen, with the option that chooses another port. */
import type { RunOptions } from "./options.ts"

type Ports = Pick<RunOptions, "port" | "adminPort">

/** One port cannot carry both surfaces; 0 lets the system choose two. */
export function checkPorts({ port, adminPort }: Ports): void {
  if (port === adminPort && port !== 0)
    throw new Error(`--port and --admin-port are both ${port}: choose two`)
}

/** The sentence for a taken or forbidden port; any other error as it is. */
export function nameTakenPort(error: unknown, { port, adminPort }: Ports): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error
  const failed = "port" in error && error.port === adminPort ? adminPort : port
  const choose = `choose another one with ${failed === port ? "--port" : "--admin-port"}`
  if (error.code === "EADDRINUSE")
    return new Error(`port ${failed} is taken: end what listens there, or ${choose}`)
  if (error.code === "EACCES" && "port" in error)
    return new Error(`port ${failed} is not for this user, as those below 1024: ${choose}`)
  return error
}
