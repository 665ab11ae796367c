import type { Statement } from 'better-sqlite3'
import type { RuleUse } from '../contract/calls.ts'
import type { Offset, Rule } from '../contract/model.ts'
import type { Instant } from './instant.ts'
import type { Db } from './tables.ts'

const maxRules = 1_000
const week = 7 * 24 * 3_600_000

/** Every version of every rule, as the records put them. */
export class RuleHistory {
  private readonly one: Statement<[string, number], { doc: string }>
  private readonly all: Statement<[number, number], { doc: string }>
  private readonly used: Statement<[number, number, number, number], RuleUse>

  constructor(db: Db) {
    this.one = db.prepare('select doc from rule where id = ? and offset < ? order by offset desc limit 1')
    this.all = db.prepare(
      `select doc from (select id, doc, deleted, max(offset) from rule where offset < ? group by id)
       where deleted = 0 order by id limit ?`,
    )
    this.used = db.prepare(
      `select rule, count(*) as alerts, count(mark) as marked, count(nullif(mark, 'not useful')) as useful
       from (select doc ->> '$.rule' as rule, (select note from transition
           where alert = alert.id and phase = 'marked' and offset < ? order by seq desc limit 1) as mark
         from alert where opened < ? and since > ? and since <= ?)
       group by rule order by rule`,
    )
  }

  /** The rule as it was put last before `offset`. */
  before(id: string, offset: Offset): Rule | null {
    const row = this.one.get(id, offset)
    return row === undefined ? null : (JSON.parse(row.doc) as Rule) // written by the writer
  }

  at(offset: Offset): readonly Rule[] {
    return this.all.all(offset, maxRules).map(({ doc }) => JSON.parse(doc) as Rule)
  }

  /** By when their conditions began. */
  use({ offset, time }: Instant): readonly RuleUse[] {
    return this.used.all(offset, offset, time - week, time)
  }
}
