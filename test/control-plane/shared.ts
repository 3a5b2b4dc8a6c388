/**
 * The control plane that `global-setup.ts` keeps for one vitest run; suites use namespaces of their
 * own in it.
 */
import { inject } from "vitest"
import type { ControlPlaneAccess } from "./control-plane.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly controlPlane: ControlPlaneAccess
  }
}

/** Throws when the vitest config has no `globalSetup` that names `global-setup.ts`. */
export function sharedControlPlane(): ControlPlaneAccess {
  const access: ControlPlaneAccess | undefined = inject("controlPlane")
  if (access === undefined) {
    throw new Error("run this suite with: vitest run -c test/control-plane/vitest.config.ts")
  }
  return access
}
