/** Unmodified SDKs from PyPI, with the environment that a pod gets and nothing else. */
import { afterAll, beforeAll, describe, test } from "vitest"
import { describeDriver, describeEmbeddings, describeModels } from "./describe-driver.ts"
import type { Driver } from "./driver.ts"
import { type PythonSdk, type PythonSdks, startPython } from "./python-driver.ts"
import { pythonMissing, pythonWithSdks } from "./python-venv.ts"
import { type SdkWorld, startSdkWorld } from "./start-world.ts"

const missing = pythonMissing()

// Skipped where there is no Python: `missing` says in words what is not there.
if (missing !== null) test.skip(`the Python SDKs are not tested: ${missing}`)

// Skipped for the reason above.
describe.skipIf(missing !== null)("Python", () => {
  let world: SdkWorld
  let sdks: PythonSdks
  // A first time installs the packages, which is bounded by itself.
  beforeAll(async () => {
    const python = pythonWithSdks()
    world = await startSdkWorld()
    sdks = startPython(python, world.environment)
  }, 360_000)
  afterAll(async () => {
    sdks.stop()
    await world.stop()
  })
  const open = (sdk: PythonSdk) => (): Promise<[Driver, SdkWorld]> =>
    Promise.resolve([sdks.driver(sdk), world])

  describeEmbeddings("openai", open("openai"))
  describeEmbeddings("langchain-openai", open("langchain-openai"))
  describeModels("openai", open("openai"))
  describeModels("anthropic", open("anthropic"))
  for (const sdk of ["openai", "anthropic", "langchain-openai"] as const) {
    describeDriver(sdk, open(sdk))
  }
})
