/** What a process has used so far, from Linux `/proc`. */
import { readFileSync } from "node:fs"

/** CPU time of all its threads, user and system, in ms. Resolution of the kernel's tick: 10 ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  // The second field is the program's name in parentheses and may hold spaces: count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1")
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status)
  return match === null ? 0 : Number(match[1]) * 1024
}

/** CPU time that the whole machine has spent since it started, on whatever, in ms. */
export function machineCpuMs(): number {
  const [line = ""] = readFileSync("/proc/stat", "latin1").split("\n")
  // cpu user nice system idle iowait irq softirq steal; guest times are in user and nice already.
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number)
  const [idle = 0, wait = 0] = [fields[3], fields[4]]
  return (fields.reduce((sum, field) => sum + field, 0) - idle - wait) * 10
}
