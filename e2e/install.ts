/**
 * Before all stories: images made and loaded, the chart installed; after them it is uninstalled.
 *
 * What is left of an earlier run is removed first, so that a run that was ended can be repeated.
 */
import { spawnSync } from "node:child_process"
import { install, kubectl, loadImage, NAMESPACE, RELEASE_NAME, run, uninstall } from "./cluster.ts"

export function setup(): () => void {
  run(process.execPath, ["images/build.ts", "--packed"])
  for (const name of ["operator", "proxy", "example"]) {
    loadImage(`sidegate-${name}:0.1.0`, `dist/sidegate-${name}.tar`)
  }
  for (const release of run("helm", ["list", "-n", NAMESPACE, "-q"]).split("\n")) {
    if (release !== "") uninstall(release)
  }
  const begun = performance.now()
  install(RELEASE_NAME)
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(`helm install --wait: ${seconds} s`)
  return () => {
    if (process.env["SIDEGATE_E2E_KEEP"] !== undefined) return
    spawnSync("kubectl", ["delete", "-f", "crds/crds.yaml", "--wait=false"], { stdio: "ignore" })
    uninstall(RELEASE_NAME)
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")
  }
}
