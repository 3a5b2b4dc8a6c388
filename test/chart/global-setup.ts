/** Has helm and kubeconform for a whole vitest run; the first run builds them. */
import type { TestProject } from "vitest/node"
import { type ChartTools, resolveTools } from "./tools.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly chartTools: ChartTools
  }
}

export async function setup(project: TestProject): Promise<void> {
  project.provide("chartTools", await resolveTools())
}
