/**
 * Before all stories: images made and loaded, the chart installed; after them it is uninstalled.
 *
 * What is left of an earlier run is removed first, so that a run that was ended can be repeated.
 */
import { spawnSync } from "node:child_process"
import { kubectl, loadImage, NAMESPACE, run } from "./cluster.ts"
import { installAfresh, removeProbe, uninstallAll } from "./installation.ts"

export async function setup(): Promise<() => void> {
  run(process.execPath, ["images/build.ts", "--packed"])
  for (const name of ["operator", "proxy", "example"]) {
    loadImage(`sidegate-${name}:0.1.0`, `dist/sidegate-${name}.tar`)
  }
  await installAfresh()
  return () => {
    if (process.env["SIDEGATE_E2E_KEEP"] !== undefined) return
    spawnSync("kubectl", ["delete", "-f", "crds/crds.yaml", "--wait=false"], { stdio: "ignore" })
    uninstallAll()
    removeProbe()
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")
  }
}
