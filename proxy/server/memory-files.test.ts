import { expect, test } from "vitest"
import { bytesOf, cgroupFiles, statOf, workingSet } from "./memory-files.ts"

/** As kernels and kubelets give them. */
const PODS = "/kubepods/burstable/podf1d3/8c2a"
const V1 = `12:pids:${PODS}\n8:memory:${PODS}\n3:cpu,cpuacct:${PODS}\n0::/system.slice\n`
const V1_IN_CONTAINER = "8:memory:/\n0::/\n"

const groups = [
  {
    name: "version 2 in a container: the namespace's root is the own group",
    text: "0::/\n",
    want: [["/sys/fs/cgroup", "/sys/fs/cgroup"]],
  },
  {
    name: "version 2 on a host: the own group, then the root",
    text: "0::/system.slice/sidegate.service\n",
    want: [["/sys/fs/cgroup/system.slice/sidegate.service", "/sys/fs/cgroup"]],
  },
  {
    name: "version 1 with the host's path, which a container's mount does not have",
    text: V1,
    want: [
      [`/sys/fs/cgroup/memory${PODS}`, "/sys/fs/cgroup/memory"],
      ["/sys/fs/cgroup/system.slice", "/sys/fs/cgroup"],
    ],
  },
  {
    name: "version 1 in a namespace of its own",
    text: V1_IN_CONTAINER,
    want: [
      ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory"],
      ["/sys/fs/cgroup", "/sys/fs/cgroup"],
    ],
  },
  { name: "a group outside of the namespace is not looked for", text: "0::/../other\n", want: [] },
  { name: "no cgroups", text: "", want: [] },
]
test.each(groups)("$name", ({ text, want }) => {
  expect(cgroupFiles(text).map(({ directories }) => directories)).toEqual(want)
})

const numbers = [
  { text: "402653184\n", want: 402_653_184 },
  { text: "max\n", want: null },
  { text: "9223372036854771712\n", want: null },
  { text: "0\n", want: 0 },
  { text: "", want: null },
  { text: "-1\n", want: null },
]
test.each(numbers)("$text is $want bytes", ({ text, want }) => {
  expect(bytesOf(text)).toBe(want)
})

const STAT_V1 =
  "cache 98304\nrss 52338688\ninactive_file 1\nhierarchical_memory_limit 402653184\n" +
  "total_cache 98304\ntotal_inactive_file 65536\ntotal_active_file 32768\n"
const STAT_V2 = "anon 52338688\nfile 98304\nkernel 1576960\ninactive_file 65536\nactive_file 3\n"

test("a value of memory.stat is found by its whole name", () => {
  expect(statOf(STAT_V1, "total_inactive_file")).toBe(65_536)
  expect(statOf(STAT_V1, "hierarchical_memory_limit")).toBe(402_653_184)
  expect(statOf(STAT_V2, "inactive_file")).toBe(65_536)
  expect(statOf(STAT_V2, "anon")).toBe(52_338_688)
  expect(statOf(STAT_V2, "sock")).toBeNull()
})

test("the working set leaves out file pages that may be dropped, and is never below nothing", () => {
  expect(workingSet(1000, 300)).toBe(700)
  expect(workingSet(100, 300)).toBe(0)
})
