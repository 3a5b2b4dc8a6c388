/**
 * `node test/control-plane/start.ts`: keeps a control plane until Ctrl-C and prints how to reach
 * it.
 */
import { startControlPlane } from "./control-plane.ts"

const controlPlane = await startControlPlane()
const { kubeconfigPath, kubectlPath } = controlPlane
process.stdout.write(`export KUBECONFIG=${kubeconfigPath}\n`)
process.stdout.write(`alias kubectl=${kubectlPath}\n`)
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    controlPlane.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
}
