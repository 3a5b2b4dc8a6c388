#!/usr/bin/env node
// The command line's entry: plain JavaScript that every Node can parse. It runs main.ts on the Node
// version that package.json asks for; started by an older one, it starts itself again on the Node
// that `npm ci` put into node_modules.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const WANTED = [24, 11]
const root = dirname(dirname(fileURLToPath(import.meta.url)))

if (isWanted(process.versions.node)) {
  await import("./main.ts")
} else {
  startAgain()
}

/** @param {string} version e.g. `20.20.2` */
function isWanted(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])
}

/** Runs this file on the installed Node, hands signals on, and ends as that process ends. */
function startAgain() {
  const node = installedNode()
  if (node === undefined || process.env.SIDEGATE_NODE === node) {
    const wanted = WANTED.join(".")
    console.error(
      `sidegate needs Node ${wanted} or newer and was started by ${process.versions.node}.\n` +
        `Run "npm ci" in ${root}, which installs one there, or put a newer node on the PATH.`,
    )
    process.exit(1)
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, SIDEGATE_NODE: node },
  })
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
    process.on(signal, () => {
      // A terminal sends its Ctrl-C to the child as well; a second one would end it without
      // draining.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128)
  })
}

/** The optional dependency of this platform; npm 10 may forget to link it into `.bin`. */
function installedNode() {
  const name = `node-${process.platform}-${process.arch}`
  const node = join(root, "node_modules", name, "bin", "node")
  return existsSync(node) ? node : undefined
}
