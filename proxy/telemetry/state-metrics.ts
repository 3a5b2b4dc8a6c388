/** What the parts of the sidecar hold at the moment of a scrape, as gauges and counters. */
import { Counter, Gauge, type Registry } from "prom-client"

export interface Observed {
  readonly isReady: boolean
  readonly config: {
    /** As in `x-sidegate-config`; null with none. */
    readonly version: string | null
    /** Wall clock in ms. */
    readonly appliedAt: number | null
    readonly isConnected: boolean
    readonly nacks: number
  }
  readonly journal: {
    readonly isWritable: boolean
    readonly bytes: number
    readonly openIntents: number
    readonly sequence: number
    readonly acknowledged: number
    readonly dropped: number
    readonly writeFailures: number
    readonly torn: number
    readonly quarantined: number
    readonly lost: number
  }
  readonly reportFailures: number
  readonly memory: {
    readonly usedBytes: number
    readonly limitBytes: number
    readonly isShort: boolean
    readonly ended: number
  }
  readonly connections: number
  readonly exchanges: number
  readonly pools: number
}

type Read = (observed: Observed, now: number) => number

const GAUGES: readonly (readonly [name: string, help: string, read: Read])[] = [
  ["sidegate_ready", "1 with a configuration in force and not draining.", (o) => +o.isReady],
  [
    "sidegate_control_connected",
    "1 while a session with the operator is open.",
    (o) => +o.config.isConnected,
  ],
  [
    "sidegate_config_age_seconds",
    "Since the configuration in force came; -1 with none.",
    (o, now) => (o.config.appliedAt === null ? -1 : Math.max(0, now - o.config.appliedAt) / 1000),
  ],
  ["sidegate_connections", "Connections of applications.", (o) => o.connections],
  ["sidegate_exchanges", "Requests in progress.", (o) => o.exchanges],
  [
    "sidegate_memory_used_bytes",
    "The container's working set, or the heap where that is nearer to its limit.",
    (o) => o.memory.usedBytes,
  ],
  ["sidegate_memory_limit_bytes", "The limit of the same.", (o) => o.memory.limitBytes],
  [
    "sidegate_memory_short",
    "1 while new streams and large requests are refused for want of memory.",
    (o) => +o.memory.isShort,
  ],
  ["sidegate_upstream_pools", "Connection pools to providers.", (o) => o.pools],
  [
    "sidegate_journal_writable",
    "0 while the journal is degraded: usage is kept in memory only.",
    (o) => +o.journal.isWritable,
  ],
  ["sidegate_journal_bytes", "Bytes of the journal on disk.", (o) => o.journal.bytes],
  ["sidegate_journal_open_intents", "Attempts under way.", (o) => o.journal.openIntents],
  [
    "sidegate_journal_unacknowledged_records",
    "Finished records that the operator has not stored yet.",
    (o) => o.journal.sequence - o.journal.acknowledged,
  ],
]

const COUNTERS: readonly (readonly [name: string, help: string, read: Read])[] = [
  ["sidegate_config_nacks_total", "Pushes that were refused.", (o) => o.config.nacks],
  [
    "sidegate_journal_records_dropped_total",
    "Records lost because neither disk nor memory could take them.",
    (o) => o.journal.dropped,
  ],
  [
    "sidegate_journal_write_failures_total",
    "Writes that the disk refused.",
    (o) => o.journal.writeFailures,
  ],
  [
    "sidegate_journal_torn_segments_total",
    "Segments found cut off in mid-write at the start.",
    (o) => o.journal.torn,
  ],
  [
    "sidegate_journal_quarantined_total",
    "Damaged segments set aside at the start.",
    (o) => o.journal.quarantined,
  ],
  [
    "sidegate_journal_lost_attempts_total",
    "Attempts of an earlier process without an end, settled on their estimate.",
    (o) => o.journal.lost,
  ],
  [
    "sidegate_memory_ended_total",
    "Requests ended because they held most of a memory that was nearly used up.",
    (o) => o.memory.ended,
  ],
  ["sidegate_report_failures_total", "Usage batches not taken.", (o) => o.reportFailures],
]

export function registerState(
  registry: Registry,
  options: {
    readonly release: string
    readonly now: () => number
    readonly observe: () => Observed
  },
): void {
  const { now, observe } = options
  const registers = [registry]
  for (const [name, help, read] of GAUGES) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(observe(), now()))
      },
    })
  }
  for (const [name, help, read] of COUNTERS) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read(observe(), now()))
      },
    })
  }
  const build = "sidegate_build_info"
  const buildInfo = new Gauge({ name: build, help: "1.", labelNames: ["release"], registers })
  buildInfo.set({ release: options.release }, 1)
  new Gauge({
    name: "sidegate_config_info",
    help: "1, with the version of the configuration in force; none without one.",
    labelNames: ["version"],
    registers,
    collect() {
      this.reset()
      this.set({ version: observe().config.version ?? "none" }, 1)
    },
  })
}
