import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews, writeLog } from '../../support/views.ts'

// What is asked twice a second, or for each row of a page, must not read a whole table.

const plans = [
  ['select key, base, blob from rollup where key >= 1 and key <= 2', 'SEARCH rollup USING INTEGER PRIMARY KEY'],
  [
    'select key, base, blob from rollup where key >= 1 and key <= 2 and base < 3 order by key desc limit 200',
    'SEARCH rollup USING INTEGER PRIMARY KEY',
  ],
  ['select rows from now where page = 1', 'SEARCH now USING INTEGER PRIMARY KEY'],
  [
    'select time, offset, value from late where series = 1 and time >= 2 and time < 3 and offset < 4',
    'SEARCH late USING PRIMARY KEY (series=? AND time>? AND time<?)',
  ],
  [
    'select id, doc from alert indexed by alert_open where closed >= 1 and opened < 2 order by opened desc limit 3',
    'SEARCH alert USING INDEX alert_open (closed>?)',
  ],
  [
    "select doc from transition where alert = 'a' and offset < 2 order by seq desc limit 1",
    'SEARCH transition USING INDEX transition_alert (alert=?)',
  ],
  ['select * from transition where offset >= 1 and offset < 2 order by offset, seq', 'USING INDEX transition_offset'],
  [
    "select doc ->> '$.rule' from alert where opened < 1 and since > 2 and since <= 3",
    'SEARCH alert USING INDEX alert_since (since>? AND since<?)',
  ],
  ['select id, doc from alert where opened < 1 order by opened desc limit 2', 'USING INDEX alert_opened'],
  [
    "select id, doc from alert where device = 'a' and opened < 1 order by opened desc limit 2",
    'SEARCH alert USING INDEX alert_device (device=? AND opened<?)',
  ],
  [
    'select closed_at from alert where closed < 1 order by closed desc limit 1',
    'SEARCH alert USING INDEX alert_open (closed<?)',
  ],
  [
    'select text from state_change where series = 1 and offset < 2 order by time desc, offset desc limit 1',
    'SEARCH state_change USING PRIMARY KEY (series=?)',
  ],
  [
    'select every from cadence where series = 1 and offset < 2 order by offset desc limit 1',
    'SEARCH cadence USING PRIMARY KEY (series=? AND offset<?)',
  ],
  [
    'select minute, sum(messages), min(first) from minute where minute >= 1 and minute <= 2 and first < 3 group by minute',
    'SEARCH minute USING PRIMARY KEY (minute>? AND minute<?)',
  ],
  [
    'select * from gap where about = \'source\' and name = \'a\' and "from" < 2 and opened < 3 order by "from" desc limit 4',
    'SEARCH gap USING INDEX gap_from (about=? AND name=? AND from<?)',
  ],
  [
    `select * from gap where about = 'source' and until > 1 and "from" < 2 and opened < 3 and cause <> 'removed'
     order by until desc limit 4`,
    'SEARCH gap USING INDEX gap_until (about=? AND until>?)',
  ],
  [
    `select * from gap where about = 'source' and opened < 1 and cause not in ('source silent', 'removed')
     and until > "from" order by until desc limit 1`,
    'SEARCH gap USING INDEX gap_until (about=?)',
  ],
  [
    `select * from gap where about = 'topic' and name > 'a' and name < 'b' and until > 1 and "from" < 2 and opened < 3
     order by name desc, number desc limit 4`,
    'SEARCH gap USING PRIMARY KEY (about=? AND name>? AND name<?)',
  ],
  [
    `select chunk, total, offsets from gap_late where about = 'source' and name = 'a' and gap = 1 and chunk <= 2
     order by chunk desc limit 1`,
    'SEARCH gap_late USING PRIMARY KEY (about=? AND name=? AND gap=? AND chunk<?)',
  ],
  [
    "select sum(messages) from traffic_hour where source = 'a' and hour >= 1 and hour < 2",
    'SEARCH traffic_hour USING PRIMARY KEY (source=? AND hour>? AND hour<?)',
  ],
  [
    "select topics, sum(messages) from not_stored where source = 'a' and why = 'dropped' and time >= 1 and time <= 2 and offset < 3 group by topics",
    'SEARCH not_stored USING PRIMARY KEY (source=? AND why=? AND time>? AND time<?)',
  ],
  [
    "select node, since, time, messages from missed indexed by missed_node where source = 'a' and node = 'n' and time >= 1 and time <= 2 and offset < 3 order by time desc limit 4",
    'SEARCH missed USING INDEX missed_node (source=? AND node=? AND time>? AND time<?)',
  ],
  [
    'select counts from device_minute where minute >= 1 and minute < 2',
    'SEARCH device_minute USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)',
  ],
  [
    'select counts from device_hour where hour >= 1 and hour < 2',
    'SEARCH device_hour USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)',
  ],
  [
    "select node, since, time, messages from missed where source = 'a' and time >= 1 and time <= 2 and offset < 3 order by time desc limit 4",
    'SEARCH missed USING INDEX missed_source (source=? AND time>? AND time<?)',
  ],
  [
    "select source, since from comes_by where device = 'a' and first < 1 order by since, source",
    'SEARCH comes_by USING PRIMARY KEY (device=?)',
  ],
  [
    `select name, count(*) from (select name, "from", until, closed from gap
       where about = 'device' and until > 1 and "from" < 2 and opened < 3 order by until desc limit 4) group by name limit 5`,
    'SEARCH gap USING COVERING INDEX gap_until (about=? AND until>?)',
  ],
  ['select id, settled from series where settled >= 1', 'INDEX series_settled (settled>?)'],
  ['select offset from undecodable where offset < 1 order by offset desc limit 2', 'undecodable_offset (offset<?)'],
] as const

test('questions of every page find their rows by key', () => {
  const dir = tempDir()
  writeLog(join(dir, 'log'), [{ kind: 'tick', source: '', name: '', time: 1_760_000_000_000 }])
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  const db = new Database(join(dir, 'views.db'), { readonly: true })
  for (const [sql, plan] of plans) {
    const steps = db.prepare(`explain query plan ${sql}`).all() as { detail: string }[]
    expect(steps.map(({ detail }) => detail).join('; '), sql).toContain(plan)
  }
  db.close()
})

test('the file is written ahead, synced when it is folded in, with pages that hold three hours', () => {
  const dir = tempDir()
  writeLog(join(dir, 'log'), [{ kind: 'tick', source: '', name: '', time: 1_760_000_000_000 }])
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  const db = new Database(join(dir, 'views.db'), { readonly: true })
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
  expect(db.pragma('page_size', { simple: true })).toBe(8192)
  db.close()
})
