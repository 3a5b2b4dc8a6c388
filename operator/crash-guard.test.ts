import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { ConfigObject } from "#operator/index/view.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { type CrashGuard, openCrashGuard } from "./crash-guard.ts"

const ROUTE: ConfigObject = {
  kind: "AIRoute",
  namespace: "app",
  name: "chat",
  uid: "u1",
  generation: 3,
  createdAt: 0,
  spec: {},
}
const VERSION = "AIRoute app/chat u1 3"

function openAt(file: string): CrashGuard {
  return openCrashGuard(file, {
    warn: (message) => {
      throw new Error(message)
    },
  })
}

/** The process ends while the object is read: what follows never happens, the file stays. */
function crashIn(file: string, object: ConfigObject): void {
  const guard = openAt(file)
  const files = new Map<string, Buffer>()
  guard.run(object, () => {
    for (const path of [file, `${file}.json`]) {
      if (existsSync(path)) files.set(path, readFileSync(path))
    }
  })
  guard.close()
  for (const [path, bytes] of files) writeFileSync(path, bytes)
}

test("an object that ended the process three times is left unread, and no other", () => {
  const file = join(temporaryDirectory("guard"), "reading")
  for (const count of [1, 2]) {
    crashIn(file, ROUTE)
    const guard = openAt(file)
    expect(guard.crashes).toEqual(new Map([[VERSION, count]]))
    expect(guard.whyUnread(ROUTE)).toBeUndefined()
    guard.close()
  }
  crashIn(file, ROUTE)
  const guard = openAt(file)
  expect(guard.whyUnread(ROUTE)).toBe(
    "the operator ended 3 times while it read this; it is left unread until it changes",
  )
  for (const other of [{ name: "other" }, { generation: 4 }, { uid: "u2" }]) {
    expect(guard.whyUnread({ ...ROUTE, ...other })).toBeUndefined()
  }
  guard.close()
})

test("one that was read at last is forgiven", () => {
  const file = join(temporaryDirectory("guard"), "reading")
  crashIn(file, ROUTE)
  const guard = openAt(file)
  expect(guard.crashes.size).toBe(1)
  guard.run(ROUTE, () => undefined)
  guard.close()
  expect(openAt(file).crashes).toEqual(new Map())
})

test("an end while nothing is read is nobody's fault", () => {
  const file = join(temporaryDirectory("guard"), "reading")
  const guard = openAt(file)
  guard.run(ROUTE, () => undefined)
  expect(openAt(file).crashes).toEqual(new Map())
})

test("files that are not ours are as none", () => {
  const file = join(temporaryDirectory("guard"), "reading")
  writeFileSync(file, "garbage")
  writeFileSync(`${file}.json`, "[[1,2],[")
  expect(openAt(file).crashes).toEqual(new Map())
})

test("without a place to write, objects are read all the same, and it is told once", () => {
  const told: string[] = []
  const guard = openCrashGuard("/dev/null/reading", { warn: (message) => void told.push(message) })
  let reads = 0
  for (const _ of [1, 2]) guard.run(ROUTE, () => void reads++)
  expect([reads, told.length]).toEqual([2, 1])
})
