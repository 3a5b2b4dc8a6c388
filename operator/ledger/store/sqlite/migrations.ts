/**
 * The numbered steps from an empty file to the schema of this release. A step that was released is
 * never edited: a change is a new step at the end.
 */

export interface Migration {
  readonly version: number
  readonly sql: string
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value INTEGER NOT NULL
      ) STRICT;
      INSERT INTO meta (key, value) VALUES ('term', 0);

      -- One row for each dispatched attempt: the sidecar's report with the operator's stamp.
      -- The key holds the pod, so that no pod can occupy another's ids.
      CREATE TABLE usage_record (
        pod_uid TEXT NOT NULL,
        id TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        operation TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        admitted_at INTEGER NOT NULL,
        ended_at INTEGER NOT NULL,
        route TEXT NOT NULL,
        rule TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        requested_model TEXT NOT NULL,
        user TEXT,
        stream INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        status INTEGER,
        source TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        cached_input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cost_nano INTEGER,
        namespace TEXT NOT NULL,
        pod TEXT NOT NULL,
        application TEXT NOT NULL,
        team TEXT NOT NULL,
        cost_center TEXT,
        term INTEGER NOT NULL,
        PRIMARY KEY (pod_uid, id)
      ) STRICT;
      CREATE INDEX usage_record_by_time ON usage_record (admitted_at, team);

      -- Sums of usage_record, kept in the transaction that inserts. Sums saturate at 2^63 - 1.
      CREATE TABLE usage_total (
        team TEXT NOT NULL,
        month INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cost_nano INTEGER NOT NULL,
        unpriced INTEGER NOT NULL,
        records INTEGER NOT NULL,
        PRIMARY KEY (team, month)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    // Parts of usage; NULL is what the provider did not tell. Totals of the parts begin at 0, but
    // for cached input, which records had before: it is summed from them, saturated as totals are.
    version: 2,
    sql: `
      ALTER TABLE usage_record ADD COLUMN cache_write_tokens INTEGER;
      ALTER TABLE usage_record ADD COLUMN cache_write_1h_tokens INTEGER;
      ALTER TABLE usage_record ADD COLUMN reasoning_tokens INTEGER;
      ALTER TABLE usage_record ADD COLUMN input_audio_tokens INTEGER;
      ALTER TABLE usage_record ADD COLUMN output_audio_tokens INTEGER;
      ALTER TABLE usage_record ADD COLUMN input_image_tokens INTEGER;
      ALTER TABLE usage_record ADD COLUMN output_image_tokens INTEGER;

      ALTER TABLE usage_total ADD COLUMN cached_input_tokens INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE usage_total ADD COLUMN cache_write_tokens INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE usage_total ADD COLUMN reasoning_tokens INTEGER NOT NULL DEFAULT 0;

      WITH halves AS (
        SELECT team,
          CAST(strftime('%Y', admitted_at / 1000, 'unixepoch') AS INTEGER) * 12
            + CAST(strftime('%m', admitted_at / 1000, 'unixepoch') AS INTEGER) - 1 AS month,
          sum(cached_input_tokens >> 32) + (sum(cached_input_tokens & 4294967295) >> 32) AS high,
          sum(cached_input_tokens & 4294967295) & 4294967295 AS low
        FROM usage_record GROUP BY 1, 2
      )
      UPDATE usage_total SET cached_input_tokens =
        iif(high >= 2147483648, 9223372036854775807, high * 4294967296 + low)
      FROM halves WHERE halves.team = usage_total.team AND halves.month = usage_total.month;
    `,
  },
  {
    // When the record was stored, ms since the epoch: what retention goes by. NULL in records of
    // before, which count from their admission.
    version: 3,
    sql: "ALTER TABLE usage_record ADD COLUMN stored_at INTEGER;",
  },
]
