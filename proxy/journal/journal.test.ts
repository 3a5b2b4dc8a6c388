import { spawnSync } from "node:child_process"
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { AttemptFinal, AttemptIntent, UsageRecord } from "#proxy/contract/records.ts"
import type { OpenIntent } from "#proxy/exchange/ports.ts"
import { type Journal, type JournalOptions, openJournal } from "./journal.ts"
import { lockDirectory } from "./lock.ts"
import type { Append } from "./segment-store.ts"
import type { WritableChange } from "./writable-edges.ts"

const NOW = 1_800_000_000_000
let directory = ""
let clock = 0

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sidegate-journal-"))
  clock = 0
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function open(more: Partial<JournalOptions> = {}): Journal {
  return openJournal({
    directory,
    bytesMax: 1024 * 1024,
    segmentBytes: 64 * 1024,
    memoryRecordsMax: 100,
    now: () => NOW,
    monotonic: () => clock,
    defer: (run) => void setImmediate(run),
    ...more,
  })
}

function makeIntent(id: string): AttemptIntent {
  return {
    id,
    operation: `op-${id}`,
    attempt: 1,
    admittedAt: NOW - 500,
    route: "search/chat",
    rule: "gold",
    provider: "openai",
    model: "gpt-4o",
    requestedModel: "smart",
    user: null,
    stream: false,
    estimate: { inputTokens: 7, cachedInputTokens: 0, outputTokens: 90 },
    estimatedCost: 1234,
  }
}

function makeFinal(id: string): AttemptFinal {
  return {
    id,
    endedAt: NOW - 100,
    outcome: "ok",
    status: 200,
    usage: { inputTokens: 5, cachedInputTokens: 1, outputTokens: 11 },
    source: "reported",
    cost: 99,
  }
}

function makeRecord(id: string, sequence: number): UsageRecord {
  const { estimate: _, estimatedCost: __, ...intent } = makeIntent(id)
  return { ...intent, ...makeFinal(id), sequence }
}

function makeLost(id: string, sequence: number): UsageRecord {
  const { estimate, estimatedCost, ...intent } = makeIntent(id)
  const end = { endedAt: NOW, outcome: "lost", status: null, source: "estimated" } as const
  return { ...intent, ...end, usage: estimate, cost: estimatedCost, sequence }
}

/** Writes one attempt whole. */
function attempt(journal: Journal, id: string): boolean | undefined {
  let verdict: boolean | undefined
  journal.intend(makeIntent(id), (entry, isWritten) => {
    verdict = isWritten
    entry.settle(makeFinal(id))
  })
  journal.flush()
  journal.flush()
  return verdict
}

/** Its intent is written when it resolves. */
function begin(journal: Journal, id: string): Promise<OpenIntent> {
  const begun = new Promise<OpenIntent>((resolve) => journal.intend(makeIntent(id), resolve))
  journal.flush()
  return begun
}

function read(journal: Journal, after: number, max: number): readonly UsageRecord[] {
  return journal.read(after, max).flatMap(({ first, last, lines }) => {
    const records = lines.split("\n").map((line) => JSON.parse(line) as UsageRecord)
    expect([records[0]?.sequence, records.at(-1)?.sequence]).toEqual([first, last])
    return records
  })
}

/** Everything after `after`, read as the report does. */
function readAll(journal: Journal, after = 0): readonly UsageRecord[] {
  const records: UsageRecord[] = []
  for (;;) {
    const next = read(journal, records.at(-1)?.sequence ?? after, 7)
    if (next.length === 0) return records
    records.push(...next)
  }
}

/** The process dies: nothing is flushed or closed, its lock stays behind naming a dead process. */
function die(): void {
  writeFileSync(join(directory, "lock"), "999999999 1 dead\n")
}

function segments(): readonly string[] {
  return readdirSync(directory).filter((name) => name.startsWith("segment-"))
}

describe("an attempt in the journal", () => {
  test("is on disk before its callback runs", () => {
    const journal = open()
    let seen = ""
    journal.intend(makeIntent("b-1"), () => {
      seen = readFileSync(join(directory, segments().at(-1) ?? ""), "latin1")
    })
    expect(seen).toBe("")
    journal.flush()
    expect(seen).toContain(`"id":"b-1"`)
    journal.close()
  })

  test("shares one write with all others of its turn", async () => {
    let writes = 0
    const append = (file: number, bytes: Buffer, position: number): void => {
      writes += 1
      writeSync(file, bytes, 0, bytes.length, position)
    }
    const journal = open({ append })
    const before = writes
    const verdicts = await Promise.all(
      Array.from(
        { length: 50 },
        (_, index) =>
          new Promise<boolean>((resolve) =>
            journal.intend(makeIntent(`b-${index}`), (_, isWritten) => resolve(isWritten)),
          ),
      ),
    )
    expect(verdicts.every((verdict) => verdict)).toBe(true)
    expect(writes - before).toBe(1)
    journal.close()
  })

  test("gives one numbered record, and a second settling is ignored", async () => {
    const journal = open()
    const entry = await begin(journal, "b-1")
    entry.settle(makeFinal("b-1"))
    entry.settle(makeFinal("b-1"))
    attempt(journal, "b-2")
    expect(read(journal, 0, 10)).toEqual([makeRecord("b-1", 1), makeRecord("b-2", 2)])
    expect(read(journal, 1, 10)).toEqual([makeRecord("b-2", 2)])
    journal.close()
  })

  test("that never ended is settled as lost, on its estimate, once", () => {
    const first = open()
    first.intend(makeIntent("b-1"), () => undefined)
    first.flush()
    die()
    const second = open()
    expect(read(second, 0, 10)).toEqual([makeLost("b-1", 1)])
    expect(second.state().lost).toBe(1)
    die()
    const third = open()
    expect(read(third, 0, 10)).toEqual([makeLost("b-1", 1)])
    expect(third.state().lost).toBe(0)
    third.close()
  })
})

test("a kill at every byte of the last write loses no attempt and doubles none", async () => {
  const journal = open()
  attempt(journal, "b-1")
  const second = await begin(journal, "b-2")
  const path = join(directory, segments()[0] ?? "")
  const before = readFileSync(path).length
  second.settle(makeFinal("b-2"))
  journal.intend(makeIntent("b-3"), () => undefined)
  journal.flush()
  const whole = readFileSync(path)
  const found = new Map<string, number>()
  for (let length = before; length <= whole.length; length++) {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    writeFileSync(path, whole.subarray(0, length))
    const restarted = open()
    const records = readAll(restarted)
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1))
    const seen = records.map(({ id, outcome }) => `${id} ${outcome}`).join(", ")
    found.set(seen, (found.get(seen) ?? 0) + 1)
    expect(restarted.state().quarantined).toBe(0)
    restarted.close()
  }
  expect([...found.keys()]).toEqual([
    "b-1 ok, b-2 lost",
    "b-1 ok, b-2 lost, b-3 lost",
    "b-1 ok, b-2 ok, b-3 lost",
  ])
})

test("a flipped byte anywhere never stops the start, and what follows it is kept", () => {
  const journal = open()
  for (const id of ["b-1", "b-2", "b-3"]) attempt(journal, id)
  const path = join(directory, segments()[0] ?? "")
  const whole = readFileSync(path)
  const start = whole.indexOf("SGJ1", 4)
  const middle = whole.indexOf("b-2")
  for (let offset = start; offset < whole.length; offset += 7) {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    const bad = Buffer.from(whole)
    bad[offset] = (bad[offset] ?? 0) ^ 0x40
    writeFileSync(path, bad)
    const restarted = open()
    const ids = readAll(restarted).map(({ id }) => id)
    expect(ids.length).toBeGreaterThanOrEqual(2)
    if (offset < middle - 100) expect(ids).toContain("b-3")
    const { torn, quarantined } = restarted.state()
    expect(torn + quarantined).toBe(1)
    restarted.close()
  }
})

test("a journal of another version is set aside", () => {
  const journal = open()
  attempt(journal, "b-1")
  journal.close()
  writeFileSync(join(directory, "segment-000000000009.log"), "something else entirely")
  const next = open()
  expect(next.state().torn).toBe(1)
  expect(read(next, 0, 10)).toEqual([makeRecord("b-1", 1)])
  next.close()
})

describe("sequence numbers", () => {
  test("have no gap across restarts, acknowledgements and deleted segments", () => {
    const seen: number[] = []
    for (let round = 0; round < 5; round++) {
      const journal = open()
      attempt(journal, `b${round}-1`)
      attempt(journal, `b${round}-2`)
      const fresh = read(journal, seen.length, 10)
      seen.push(...fresh.map(({ sequence }) => sequence))
      if (round % 2 === 0) journal.acknowledge(seen.length)
      if (round === 3) die()
      else journal.close()
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => index + 1))
  })

  test("of an acknowledged stream go on where they stopped", () => {
    const first = open()
    attempt(first, "b-1")
    first.acknowledge(1)
    first.close()
    const second = open()
    expect(second.state()).toMatchObject({ acknowledged: 1, sequence: 1 })
    expect(read(second, 1, 10)).toEqual([])
    attempt(second, "c-1")
    expect(read(second, 1, 10)).toEqual([makeRecord("c-1", 2)])
    second.close()
  })

  test("that the operator claims beyond ours acknowledge only ours", () => {
    const journal = open()
    attempt(journal, "b-1")
    journal.acknowledge(900)
    expect(journal.state().acknowledged).toBe(1)
    journal.close()
  })
})

describe("segments", () => {
  test("rotate, are read back in order, and go when acknowledged", () => {
    const journal = open({ segmentBytes: 4096 })
    for (let index = 1; index <= 100; index++) attempt(journal, `b-${index}`)
    expect(segments().length).toBeGreaterThan(10)
    journal.acknowledge(100)
    expect(segments()).toHaveLength(1)
    journal.close()
  })

  test("read a backlog from disk that memory does not hold", () => {
    const first = open({ segmentBytes: 4096 })
    for (let index = 1; index <= 60; index++) attempt(first, `b-${index}`)
    first.close()
    const second = open({ segmentBytes: 4096 })
    const read = readAll(second).map(({ sequence }) => sequence)
    expect(read).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
    second.close()
  })

  test("with an attempt still under way stay, whatever was acknowledged", () => {
    const journal = open({ segmentBytes: 1024 })
    journal.intend(makeIntent("slow"), () => undefined)
    journal.flush()
    for (let index = 1; index <= 10; index++) attempt(journal, `b-${index}`)
    journal.acknowledge(10)
    die()
    const restarted = open()
    expect(readAll(restarted, 10)).toEqual([makeLost("slow", 11)])
    restarted.close()
  })
})

test("an attempt of hours keeps few segments, and is still settled once after a kill", () => {
  const journal = open({ segmentBytes: 2048 })
  journal.intend(makeIntent("slow"), () => undefined)
  journal.flush()
  for (let index = 1; index <= 200; index++) {
    attempt(journal, `b-${index}`)
    journal.acknowledge(index)
  }
  journal.flush()
  expect(segments().length).toBeLessThanOrEqual(6)
  die()
  const restarted = open()
  expect(readAll(restarted, 200)).toEqual([makeLost("slow", 201)])
  restarted.close()
})

describe("a disk that refuses", () => {
  /** Writes half of every batch, then fails as a full disk does, while `isFull`. */
  function makeDisk(): { isFull: boolean; append: Append } {
    const disk = {
      isFull: false,
      append: (file: number, bytes: Buffer, position: number): void => {
        const length = disk.isFull ? Math.floor(bytes.length / 2) : bytes.length
        writeSync(file, bytes, 0, length, position)
        if (disk.isFull) throw Object.assign(new Error("no space left"), { code: "ENOSPC" })
      },
    }
    return disk
  }

  test("degrades the journal: intents are not promised, records wait in memory", () => {
    const disk = makeDisk()
    const journal = open({ append: disk.append })
    expect(attempt(journal, "b-1")).toBe(true)
    disk.isFull = true
    expect(attempt(journal, "b-2")).toBe(false)
    expect(journal.isWritable).toBe(false)
    expect(attempt(journal, "b-3")).toBe(false)
    const ids = read(journal, 0, 10).map(({ id }) => id)
    expect(ids).toEqual(["b-1", "b-2", "b-3"])
    journal.close()
  })

  test("that takes writes again gets everything that waited", () => {
    const disk = makeDisk()
    const journal = open({ append: disk.append })
    attempt(journal, "b-1")
    disk.isFull = true
    attempt(journal, "b-2")
    disk.isFull = false
    clock += 2_000
    expect(attempt(journal, "b-3")).toBe(false)
    expect(attempt(journal, "b-4")).toBe(true)
    expect(journal.isWritable).toBe(true)
    die()
    const restarted = open()
    expect(readAll(restarted)).toEqual(
      ["b-1", "b-2", "b-3", "b-4"].map((id, index) => makeRecord(id, index + 1)),
    )
    expect(restarted.state().quarantined).toBe(0)
    restarted.close()
  })

  test("is told of once when it begins and once when it ends, with the reason", () => {
    const disk = makeDisk()
    const changes: WritableChange[] = []
    const journal = open({
      append: disk.append,
      memoryRecordsMax: 2,
      onWritable: (change) => changes.push(change),
    })
    attempt(journal, "b-1")
    disk.isFull = true
    for (const id of ["b-2", "b-3", "b-4"]) attempt(journal, id)
    clock += 2_000
    attempt(journal, "b-5")
    expect(changes).toEqual([
      { kind: "unwritable", trouble: { code: "ENOSPC", message: "no space left" } },
    ])
    disk.isFull = false
    clock += 2_000
    attempt(journal, "b-6")
    attempt(journal, "b-7")
    const { dropped } = journal.state()
    expect(dropped).toBeGreaterThan(0)
    expect(changes.slice(1)).toEqual([{ kind: "writable", afterMs: 4_000, dropped }])
    journal.close()
  })

  test("fills memory to its bound; the next record is dropped and counted, unnumbered", () => {
    const disk = makeDisk()
    const journal = open({ append: disk.append, memoryRecordsMax: 3 })
    disk.isFull = true
    for (let index = 1; index <= 5; index++) attempt(journal, `b-${index}`)
    expect(journal.state()).toMatchObject({ sequence: 3, dropped: 2 })
    journal.acknowledge(3)
    attempt(journal, "b-6")
    expect(read(journal, 3, 10)).toEqual([makeRecord("b-6", 4)])
    journal.close()
  })
})

test("a full journal refuses intents, records what began, and opens when acknowledged", async () => {
  const changes: string[] = []
  const journal = open({
    bytesMax: 8 * 1024,
    segmentBytes: 2 * 1024,
    onWritable: (change) =>
      changes.push(change.kind === "writable" ? "writable" : change.trouble.code),
  })
  const early = await begin(journal, "early")
  let index = 0
  while (attempt(journal, `b-${++index}`) === true) expect(index).toBeLessThan(100)
  expect(journal.isWritable).toBe(false)
  early.settle(makeFinal("early"))
  journal.flush()
  const { sequence, dropped } = journal.state()
  expect(dropped).toBe(0)
  journal.acknowledge(sequence)
  journal.flush()
  expect(attempt(journal, "after")).toBe(true)
  expect(changes).toEqual(["JOURNAL_FULL", "writable"])
  journal.close()
})

describe("the lock", () => {
  test("is refused while its process lives, and free when it gave it back", () => {
    const journal = open()
    expect(() => open()).toThrow(/the journal is in use.*held by running process \d+/)
    journal.close()
    open().close()
  })

  test("of another living process is refused, and taken from it when it is dead", () => {
    const script = `
      import { lockDirectory } from ${JSON.stringify(join(import.meta.dirname, "lock.ts"))}
      try { lockDirectory(process.argv[1]) } catch { process.exit(3) }
      process.exit(0)`
    const lockElsewhere = (): number | null =>
      spawnSync(process.execPath, ["--input-type=module", "-e", script, directory]).status
    expect(lockElsewhere()).toBe(0)
    const unlock = lockDirectory(directory)
    expect(lockElsewhere()).toBe(3)
    unlock()
    expect(lockElsewhere()).toBe(0)
  })

  test("half written by a process that died is taken over", () => {
    writeFileSync(join(directory, "lock"), "")
    open().close()
  })
})

test("a throwing callback does not keep its neighbours waiting", async () => {
  const journal = open()
  const caught = new Promise<unknown>((resolve) => {
    const listeners = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    process.once("uncaughtException", (error) => {
      for (const listener of listeners) process.on("uncaughtException", listener)
      resolve(error)
    })
  })
  let isCalled = false
  journal.intend(makeIntent("b-1"), () => {
    throw new Error("a bug")
  })
  journal.intend(makeIntent("b-2"), () => {
    isCalled = true
  })
  journal.flush()
  expect(isCalled).toBe(true)
  expect(await caught).toMatchObject({ message: "a bug" })
  journal.close()
})
