// Reads the JSON report of the test run, lists what could not run here, and ends with the count.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const tests = report.testResults.flatMap((file) => file.assertionResults)
const count = (...states) => tests.filter((test) => states.includes(test.status)).length
const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)

for (const test of tests.filter((test) => test.status === 'skipped' || test.status === 'pending'))
  process.stdout.write(`not run here: ${test.fullName}\n`)
for (const file of brokenFiles) process.stdout.write(`could not be loaded: ${file.name}\n${file.message ?? ''}\n`)
const failed = count('failed') + brokenFiles.length
process.stdout.write(`${count('passed')} passed, ${failed} failed, ${count('skipped', 'pending', 'todo')} skipped\n`)
process.exitCode = failed === 0 && count('passed') > 0 ? 0 : 1
