/**
 * The shipping proxy on the stand: one bundled file, its control channel, journal, log and metrics
 * on.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { writeCertificate } from "#test/process/certificate.ts"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"
import { waitForHttp } from "#test/process/wait-until.ts"
import { environmentOf, nodeFlagsOf } from "../../images/dockerfile.ts"
import { GATEWAY_CORE, type Listening, OTHER_CORE, startListening } from "./stand.ts"

export interface ProxyStand {
  readonly operator: Listening
  /**
   * Starts one more proxy process on the same state; ready when it resolves. `launcher` is a
   * command that runs what stands behind it.
   */
  readonly start: (launcher?: readonly string[]) => Promise<StartedProxy>
}

export interface StartedProxy {
  readonly program: Program
  readonly port: number
  readonly opsPort: number
}

/** `extraFlags` go to Node, e.g. `--cpu-prof`. */
export async function createProxyStand(
  upstreamOrigin: string,
  extraFlags: readonly string[] = [],
): Promise<ProxyStand> {
  const directory = temporaryDirectory("bench")
  const certificate = await writeCertificate(directory)
  const operator = await startListening("./operator.ts", OTHER_CORE, [
    upstreamOrigin,
    certificate.certificateFile,
    certificate.keyFile,
  ])
  const bundle = await bundleProxy(directory)
  const tokenFile = join(directory, "token")
  writeFileSync(tokenFile, "bench-token")
  for (const name of ["state", "journal"]) mkdirSync(join(directory, name))
  return {
    operator,
    start: async (launcher = []) => {
      const [command = process.execPath, ...before] = [...launcher, process.execPath]
      const [port = 0, opsPort = 0] = await freePorts(2)
      const program = await startProgram({
        name: "proxy",
        core: GATEWAY_CORE,
        command,
        args: [...before, ...nodeFlagsOf("sidegate-proxy"), ...extraFlags, bundle],
        env: {
          ...environmentOf("sidegate-proxy"),
          SIDEGATE_OPERATOR_URL: `https://127.0.0.1:${operator.port}`,
          SIDEGATE_OPERATOR_CA_FILE: certificate.certificateFile,
          SIDEGATE_TOKEN_FILE: tokenFile,
          SIDEGATE_STATE_DIR: join(directory, "state"),
          SIDEGATE_JOURNAL_DIR: join(directory, "journal"),
          SIDEGATE_PORT: String(port),
          SIDEGATE_OPS_PORT: String(opsPort),
        },
      })
      await Promise.race([
        waitForHttp(`http://127.0.0.1:${opsPort}/readyz`, 200, 10_000),
        program.exited.then(() => {
          throw new Error(`the proxy ended at once:\n${program.stdout()}\n${program.stderr()}`)
        }),
      ])
      return { program, port, opsPort }
    },
  }
}

/** What ships: one file, from `proxy/main.ts`. */
async function bundleProxy(directory: string): Promise<string> {
  const outfile = join(directory, "proxy.mjs")
  await build({
    entryPoints: [fileURLToPath(new URL("../../proxy/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    logLevel: "warning",
    // CommonJS packages inside the bundle call `require` for Node's own modules.
    banner: {
      js: 'import{createRequire as r}from"node:module";const require=r(import.meta.url);',
    },
  })
  return outfile
}
