// Reads the JSON report of a test run, lists what could not run here, and ends with the count.
// count.mjs REPORT [EXIT]: a run that ended badly counts as a failure, whatever its report says or if it has none.
import { readFileSync } from 'node:fs'

const [file = '', exit = '0'] = process.argv.slice(2)
const files = readReport(file)?.testResults ?? []
const tests = files.flatMap(({ assertionResults }) => assertionResults)
const broken = files.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
const passed = withStatus('passed').length
const skipped = withStatus('skipped', 'pending', 'todo', 'disabled')
const named = withStatus('failed').length + broken.length
const failed = named === 0 && (exit !== '0' || passed === 0) ? 1 : named

for (const test of skipped) print(`not run here: ${test.fullName}`)
for (const { name, message } of broken) print(`could not be loaded: ${name}\n${message ?? ''}`)
if (failed > named) print(`the run itself failed (exit ${exit})`)
print(`${passed} passed, ${failed} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`)
process.exitCode = failed === 0 ? 0 : 1

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null // the line about the run itself says so
  }
}

function withStatus(...wanted) {
  return tests.filter(({ status }) => wanted.includes(status))
}

function print(line) {
  process.stdout.write(`${line}\n`)
}
