import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { getHeapStatistics } from "node:v8"
import { afterAll, expect, test } from "vitest"
import { createReadMemory } from "./read-memory.ts"

const roots: string[] = []
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true })
})

function place(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "sidegate-memory-"))
  roots.push(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const V1 = "/sys/fs/cgroup/memory"
const V2 = "/sys/fs/cgroup"
const STAT = "total_inactive_file 1000\nhierarchical_memory_limit 9223372036854771712\n"
const containers = [
  {
    name: "version 1, whose mount is the container's own",
    files: {
      "/proc/self/cgroup": "4:memory:/kubepods/pod1/c1\n",
      [`${V1}/memory.usage_in_bytes`]: "900000\n",
      [`${V1}/memory.limit_in_bytes`]: "1000000\n",
      [`${V1}/memory.stat`]: STAT,
    },
    want: { usedBytes: 899_000, limitBytes: 1_000_000, bound: "container" },
  },
  {
    name: "version 1, where a group above has less",
    files: {
      "/proc/self/cgroup": "4:memory:/a/b\n",
      [`${V1}/a/b/memory.usage_in_bytes`]: "700000\n",
      [`${V1}/a/b/memory.limit_in_bytes`]: "1000000\n",
      [`${V1}/a/b/memory.stat`]: "total_inactive_file 0\nhierarchical_memory_limit 800000\n",
    },
    want: { usedBytes: 700_000, limitBytes: 800_000, bound: "container" },
  },
  {
    name: "version 2",
    files: {
      "/proc/self/cgroup": "0::/\n",
      [`${V2}/memory.current`]: "900000\n",
      [`${V2}/memory.max`]: "1000000\n",
      [`${V2}/memory.stat`]: "anon 5\ninactive_file 100000\n",
    },
    want: { usedBytes: 800_000, limitBytes: 1_000_000, bound: "container" },
  },
] as const
test.each(containers)("$name", ({ files, want }) => {
  expect(createReadMemory(place(files))()).toEqual(want)
})

test("a change of usage and of the limit is seen", () => {
  const [, , { files }] = containers
  const root = place(files)
  const read = createReadMemory(root)
  writeFileSync(join(root, `${V2}/memory.current`), "950000\n")
  writeFileSync(join(root, `${V2}/memory.max`), "950000\n")
  expect(read()).toEqual({ usedBytes: 850_000, limitBytes: 950_000, bound: "container" })
})

const heaps = [
  { name: "without cgroups", files: {} },
  {
    name: "without a limit",
    files: {
      "/proc/self/cgroup": "0::/\n",
      [`${V2}/memory.current`]: "900000\n",
      [`${V2}/memory.max`]: "max\n",
      [`${V2}/memory.stat`]: "inactive_file 100000\n",
    },
  },
  {
    name: "with a container that has far more than the heap may take",
    files: {
      "/proc/self/cgroup": "0::/\n",
      [`${V2}/memory.current`]: "1\n",
      [`${V2}/memory.max`]: "1000000000000\n",
      [`${V2}/memory.stat`]: "inactive_file 0\n",
    },
  },
]
test.each(heaps)("the heap's limit counts $name", ({ files }) => {
  expect(createReadMemory(place(files))()).toMatchObject({
    limitBytes: getHeapStatistics().heap_size_limit,
    bound: "heap",
  })
})
