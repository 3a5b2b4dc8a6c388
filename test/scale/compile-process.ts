/** One cold measurement of the compiler in a process of its own; a CompileResult as one line. */
import { runCompile } from "./compile-run.ts"
import { PROMISED } from "./world.ts"

console.log(`result ${JSON.stringify(runCompile(PROMISED))}`)
