/** Starts one control plane for a whole vitest run and stops it at the end. */
import type { TestProject } from "vitest/node"
import { startControlPlane } from "./control-plane.ts"
import "./shared.ts"

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const {
    startApiServer: _start,
    stopApiServer: _stop,
    stop,
    ...access
  } = await startControlPlane()
  project.provide("controlPlane", access)
  return stop
}
