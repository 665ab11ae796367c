import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { recordSchemas } from '../../../core/sync/records.ts'

const folder = fileURLToPath(new URL('../../../core/sync/schema/', import.meta.url))

// After a change of the records: npm test -- test/core/sync/schema.test.ts -u
test.each(Object.entries(recordSchemas()))(
  'the published schema of %s is what the writer is typed by',
  async (name, schema) => {
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(`${folder}${name}.json`)
  },
)
