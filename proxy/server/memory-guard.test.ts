import { afterEach, expect, test } from "vitest"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { MemoryGuard, type MemoryState } from "./memory-guard.ts"

const LIMIT = 128_000_000
/** 1/128 of the limit: then it looks. */
const ENOUGH = 1_000_000

const open: MemoryGuard[] = []
afterEach(() => {
  for (const guard of open.splice(0)) guard.close()
})

/** A machine of which `garbage` and what exchanges hold are in use, besides `other`. */
function start(at: { other: number; garbage?: number; exchanges: number[] }) {
  const machine = { now: 0, looks: 0, garbage: 0, collected: [] as string[], ...at }
  const levels: string[] = []
  const reasons: string[] = []
  const sum = () => machine.exchanges.reduce((total, bytes) => total + bytes, 0)
  const guard = new MemoryGuard({
    read: () => {
      machine.looks += 1
      const usedBytes = machine.other + machine.garbage + sum()
      return { usedBytes, limitBytes: LIMIT, bound: "container" }
    },
    held: () => ({
      count: machine.exchanges.length,
      bytes: sum,
      endLargest: ({ code }: Refusal) => {
        const most = Math.max(0, ...machine.exchanges)
        machine.exchanges.splice(machine.exchanges.indexOf(most), 1)
        machine.garbage += most
        if (most > 0) reasons.push(code)
        return most
      },
    }),
    collect: (kind) => {
      machine.collected.push(kind)
      machine.garbage = 0
    },
    monotonic: () => machine.now,
    onLevel: ({ level }: MemoryState) => levels.push(level),
  })
  open.push(guard)
  const look = async (): Promise<void> => {
    guard.moved(ENOUGH)
    await new Promise((resolve) => process.nextTick(resolve))
  }
  return { guard, machine, levels, reasons, look }
}

const BIG = 1_000_000

test("it looks after every 1/128 of the limit that moved, and not before", () => {
  const { guard, machine } = start({ other: 0, exchanges: [] })
  const before = machine.looks
  for (let piece = 0; piece < 9; piece++) guard.moved(ENOUGH / 10)
  expect(machine.looks).toBe(before)
  guard.moved(ENOUGH / 10)
  expect(machine.looks).toBe(before + 1)
})

test("calm, it takes all; strained, what is small; critical, nothing", async () => {
  const { guard, machine, levels, look } = start({ other: 40_000_000, exchanges: [BIG] })
  const asked = () => [guard.refuseBody(BIG), guard.refuseBody(10), guard.refuseStream()]
  const said = () => [...asked(), guard.refuseLate()].map((refusal) => refusal?.code ?? "taken")
  await look()
  expect(said()).toEqual(["taken", "taken", "taken", "taken"])
  machine.exchanges.push(70_000_000)
  await look()
  expect(said()).toEqual(["overloaded", "taken", "overloaded", "taken"])
  machine.exchanges.push(9_000_000)
  guard.moved(ENOUGH)
  expect(said()).toEqual(["overloaded", "overloaded", "overloaded", "overloaded"])
  machine.exchanges.length = 0
  await look()
  expect(said()).toEqual(["taken", "taken", "taken", "taken"])
  expect(levels).toEqual(["strained", "critical", "calm"])
})

test("the one that holds most is ended, and no other once that is enough", async () => {
  const { guard, machine, reasons, look } = start({
    other: 70_000_000,
    exchanges: [BIG, 30_000_000, 20_000_000],
  })
  await look()
  await look()
  expect(machine.exchanges).toEqual([BIG, 20_000_000])
  expect(reasons).toEqual(["overloaded"])
  expect(guard.state().ended).toBe(1)
})

test("of many that hold little, as many are ended as bring what moved meanwhile", async () => {
  const exchanges = Array.from({ length: 100 }, () => 500_000)
  const { machine, look } = start({ other: 70_000_000, exchanges })
  await look()
  expect(machine.exchanges).toHaveLength(96)
})

test("what is ended comes back as room: while use does not rise nobody else is ended", async () => {
  const { machine, look } = start({ other: 100_000_000, exchanges: [10_000_000, 9_000_000] })
  await look()
  expect(machine.exchanges).toEqual([9_000_000])
  // The allocator kept the pages.
  machine.other += 10_000_000
  await look()
  expect(machine.exchanges).toEqual([9_000_000])
  machine.now += 1_000
  await look()
  expect(machine.exchanges).toEqual([])
})

test("what is held back goes on when there is room, a few at a time", async () => {
  const { guard, machine, look } = start({ other: 80_000_000, exchanges: [BIG, 40_000_000] })
  const resumed: number[] = []
  const wait = (index: number) => guard.isFull({ resume: () => void resumed.push(index) })
  expect(wait(0)).toBe(false)
  guard.moved(ENOUGH)
  for (let index = 0; index < 20; index++) expect(wait(index)).toBe(true)
  expect(resumed).toEqual([])
  machine.exchanges.length = 0
  await look()
  expect(resumed).toHaveLength(16)
  await look()
  expect(resumed).toEqual(Array.from({ length: 20 }, (_, index) => index))
})

test("garbage refuses nothing and ends nobody", async () => {
  const { machine, levels, look } = start({
    other: 20_000_000,
    garbage: 100_000_000,
    exchanges: [BIG, BIG, BIG],
  })
  await look()
  expect(levels).toEqual([])
  expect(machine.collected).toEqual(["major"])
  expect(machine.exchanges).toHaveLength(3)
})

test("all of the garbage is collected four times a second at most, what is young always", async () => {
  const { machine, look } = start({ other: 110_000_000, exchanges: [BIG, BIG] })
  await look()
  await look()
  machine.now += 600
  await look()
  expect(machine.collected).toEqual(["major", "minor", "major"])
})

test("what exchanges do not hold refuses none of them for ever", async () => {
  const { guard, levels, look } = start({ other: 126_000_000, exchanges: [BIG] })
  await look()
  expect(guard.refuseBody(BIG)).toBeNull()
  expect(levels).toEqual([])
})
