// Everything a fresh machine needs, in one plain script: it runs on Node 20, before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const bin = join(root, 'node_modules', '.bin')
const windows = process.platform === 'win32'
const electronTrialMs = 60_000
const electronRetryMs = 24 * 3600_000

const commands = {
  start: async (args) => {
    await prepare()
    if (args.length === 0 && (await openWindow())) return 0
    return run(node(), [join(root, 'dist/core/host/cli.js'), 'start', ...args])
  },
  test: async (args) => {
    await prepare()
    await getTestParts()
    if (process.env.FIELDWATCH_CHECKED !== '1') await check()
    return vitest(args)
  },
  check: async () => {
    installPackages()
    await check()
    return 0
  },
  build: async () => {
    installPackages()
    await build()
    return 0
  },
  dev: async (args) => {
    installPackages()
    return run(tool('vite'), ['--config', 'renderer/vite.config.ts', ...args])
  },
  shots: async (args) => {
    await prepare()
    return run(node(), ['test/support/shots.ts', ...args])
  },
  fieldwatch: async (args) => {
    await prepare()
    return run(node(), [join(root, 'dist/core/host/cli.js'), ...args])
  },
}

const command = commands[process.argv[2] ?? '']
if (command === undefined) {
  say(`setup: "${process.argv[2] ?? ''}" is not one of ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}
// Our process group hears Ctrl+C too; the program we run decides what it means.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => {})
process.exitCode = await command(process.argv.slice(3)).catch((error) => {
  say(error instanceof Error ? error.message : String(error))
  return 1
})

/** Packages and an up-to-date build. Quick when there is nothing to do. */
async function prepare() {
  installPackages()
  if (readStamp('dist') !== sourcesStamp()) await build()
}

function installPackages() {
  const wanted = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
  if (readStamp('node_modules') === wanted && existsSync(node())) return
  say('Getting the packages (about a minute the first time)…')
  // On Windows npm is a script that only a shell can start.
  must(windows ? 'npm.cmd' : 'npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], { shell: windows })
  writeStamp('node_modules', wanted)
}

async function build() {
  const stamp = sourcesStamp()
  say('Building…')
  await mustRun(tool('tsc'), ['-b'])
  await mustRun(tool('vite'), ['build', '--config', 'renderer/vite.config.ts', '--logLevel', 'warn'])
  writeStamp('dist', stamp)
}

/** Build, lint, types, layers, unused code. */
async function check() {
  await build()
  say('Checking style, layers and unused code…')
  await mustRun(tool('biome'), ['check', '--error-on-warnings', '.'])
  await mustRun(tool('knip'), ['--config', '.config/knip.json'])
  await mustRun(tool('vitest'), ['run', '--config', '.config/vitest.config.ts', 'test/layers.test.ts', '--reporter', 'dot'])
}

function vitest(args) {
  const report = process.env.FIELDWATCH_REPORT
  const reporters = report === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return run(tool('vitest'), ['run', '--config', '.config/vitest.config.ts', ...reporters, ...args])
}

/** Opens the desktop window. False: it cannot be had here, and the reason was said. */
async function openWindow() {
  if (!windows && process.platform !== 'darwin' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return false
  if (!(await electronBinary())) return false
  return (await run(electronCommand(), [root])) === 0
}

async function electronBinary() {
  if (existsSync(join(root, 'node_modules/electron/path.txt'))) return true
  const failed = readStamp('electron')
  if (failed !== null && Date.now() - Number(failed) < electronRetryMs) return false
  say('Getting the Electron window (once; at most a minute)…')
  const got = await run(node(), [join(root, 'node_modules/electron/install.js')], { timeoutMs: electronTrialMs, quiet: true })
  if (got === 0 && existsSync(join(root, 'node_modules/electron/path.txt'))) return true
  writeStamp('electron', String(Date.now()))
  say('The Electron window could not be fetched here; the same app opens in your browser. It is tried again tomorrow.')
  return false
}

function electronCommand() {
  const electron = join(root, 'node_modules/electron')
  return join(electron, 'dist', readFileSync(join(electron, 'path.txt'), 'utf8'))
}

/** Real parts for the tests: a broker, a browser, Kafka and its reader. */
async function getTestParts() {
  const missing = Object.entries({ mosquitto: 'mosquitto', chromium: 'chromium', kcat: 'kcat', java: 'openjdk-17-jre-headless', mvn: 'maven' })
    .filter(([program]) => !onPath(program))
    .map(([, name]) => name)
  if (missing.length > 0) installDebianPackages(missing)
  const fetchKafka = join(root, 'test/support/kafka/fetch.mjs')
  if (onPath('mvn') && existsSync(fetchKafka)) await run(process.execPath, [fetchKafka])
}

function installDebianPackages(names) {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const may = onPath('apt-get') && (asRoot.length === 0 || spawnSync('sudo', ['-n', 'true']).status === 0)
  if (!may) {
    say(`Tests that need them are skipped: install ${names.join(', ')} to run them all.`)
    return
  }
  say(`Installing ${names.join(', ')} for the tests…`)
  // policy-rc.d would be needed to keep Debian from starting a broker; RUNLEVEL=1 says the same to invoke-rc.d.
  const apt = (...args) => [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', ...args]
  for (const [program, ...args] of [apt('update', '-qq'), apt('install', '-y', '-qq', '--no-install-recommends', ...names)])
    if (spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
      return say(`apt-get could not install ${names.join(', ')}; tests that need them are skipped.`)
}

function onPath(program) {
  return (process.env.PATH ?? '').split(windows ? ';' : ':').some((folder) => existsSync(join(folder, windows ? `${program}.exe` : program)))
}

function node() {
  return join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node')
}

function tool(name) {
  return join(bin, windows ? `${name}.cmd` : name)
}

/** Newest change and number of the files that a build reads: cheap, and enough to see an edit or a pull. */
function sourcesStamp() {
  const hash = createHash('sha256')
  for (const folder of ['core', 'electron', 'renderer', 'test']) addFolder(hash, join(root, folder))
  return hash.digest('hex')
}

function addFolder(hash, folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) addFolder(hash, path)
    else hash.update(`${path}:${statSync(path).mtimeMs};`)
  }
}

function stampFile(name) {
  const folder = name === 'electron' ? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fieldwatch') : join(root, name)
  return join(folder, '.fieldwatch-stamp')
}

function readStamp(name) {
  return existsSync(stampFile(name)) ? readFileSync(stampFile(name), 'utf8') : null
}

function writeStamp(name, text) {
  mkdirSync(dirname(stampFile(name)), { recursive: true })
  writeFileSync(stampFile(name), text)
}

function must(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ` (exit ${status})`}`)
}

async function mustRun(program, args) {
  const status = await run(program, args)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed (exit ${status})`)
}

/** Runs a program with the right Node first on its path; resolves to its exit code. */
function run(program, args, { timeoutMs = 0, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const path = `${join(root, 'node_modules/node/bin')}${windows ? ';' : ':'}${bin}${windows ? ';' : ':'}${process.env.PATH}`
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: quiet ? 'ignore' : 'inherit',
      timeout: timeoutMs,
      shell: windows && program.endsWith('.cmd'),
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)))
  })
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
