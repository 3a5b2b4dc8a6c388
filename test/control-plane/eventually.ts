/** Waits for a condition with a deadline; tests never sleep for a fixed time. */
import { setTimeout as wait } from "node:timers/promises"

/** Asks every 20 ms; after `deadlineMs` an Error names what was waited for. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await wait(20)
  }
}
