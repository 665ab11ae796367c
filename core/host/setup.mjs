// Everything a fresh machine needs, in one plain script: it runs on Node 20, before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants, homedir } from 'node:os'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fieldwatch')
const windows = process.platform === 'win32'
const vitestConfig = ['--config', '.config/vitest.config.ts']
const electronTrialMs = 60_000
const electronRetryMs = 24 * 3600_000
const windowTrialMs = 15_000

const commands = {
  start: async (args) => {
    await prepare()
    const closed = await openWindow(args)
    return closed ?? run(node(), ['dist/core/host/cli.js', 'start', ...args])
  },
  test: async (args) => {
    const all = args.length === 0
    await (all ? installPackages() : prepare())
    if (all) await checkSources() // builds, too
    await getTestParts()
    return runTests(args)
  },
  check: async () => {
    await installPackages()
    await checkSources()
    await must(node(), [tools.vitest, 'run', ...vitestConfig, 'test/layers.test.ts', '--reporter', 'dot'])
    return 0
  },
  build: async () => {
    await installPackages()
    await build()
    return 0
  },
  dev: async (args) => {
    await prepare()
    for (const module of wholes) rmSync(join(root, `dist/${module}.whole.js`), { force: true }) // tsc does not make them again
    rmSync(join(root, 'dist/.stamp'), { force: true })
    return firstToEnd([
      run(node(), [tools.tsc, '-b', '--watch', '--preserveWatchOutput', 'core/host', 'electron']),
      run(node(), [tools.vite, 'build', '--watch', '--config', 'renderer/vite.config.ts', '--logLevel', 'warn']),
      run(node(), ['--watch', '--watch-preserve-output', 'dist/core/host/cli.js', 'start', ...args]),
    ])
  },
  shots: async (args) => {
    await prepare()
    return run(node(), ['test/support/shots.ts', ...args])
  },
  'bench:detect': async (args) => {
    await prepare()
    return run(node(), [join(root, 'test/bench/detect.ts'), ...args], { cwd: process.env.INIT_CWD ?? process.cwd() })
  },
  'soak:capture': async (args) => {
    await prepare()
    await getTestParts()
    return run(node(), ['test/support/capture/soak.ts', ...args])
  },
  'test:central': async (args) => {
    await prepare()
    await getTestParts()
    const fetched = await run(node(), ['test/support/central/fetch.mjs'])
    return fetched === 0 ? run(node(), ['test/support/central/central.ts', ...args]) : fetched
  },
  'soak:path': async (args) => {
    await prepare()
    return run(node(), ['test/support/path/soak.ts', ...args])
  },
  'soak:sync': async (args) => {
    await prepare()
    await getTestParts()
    return run(node(), ['test/support/sync/soak.ts', ...args])
  },
  fieldwatch: async (args) => {
    await prepare()
    return run(node(), [join(root, 'dist/core/host/cli.js'), ...args], { cwd: process.env.INIT_CWD ?? process.cwd() })
  },
}

// The launchers themselves and not their names in .bin: those are shell scripts on Windows.
const tools = {
  tsc: 'node_modules/typescript/bin/tsc',
  vite: 'node_modules/vite/bin/vite.js',
  biome: 'node_modules/@biomejs/biome/bin/biome',
  knip: 'node_modules/knip/bin/knip.js',
  vitest: 'node_modules/vitest/vitest.mjs',
}

/** Those that are busiest. */
const wholes = ['stream-thread', 'history-thread', 'forward-thread', 'bench/path-child', 'bench/forward-child'].map(
  (name) => `core/host/${name}`,
)

const running = new Set()
process.exitCode = await main(process.argv.slice(2))

async function main([name = '', ...args]) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) return wrongUse(`"${name}" is not one of ${Object.keys(commands).join(', ')}`)
  if (Number.parseInt(process.versions.node, 10) < 20)
    return wrongUse(`Fieldwatch needs Node 20 or newer to set itself up; this is ${process.versions.node}`)
  passSignalsOn()
  return command(args).catch((error) => {
    say(error instanceof Error ? error.message : String(error))
    return 1
  })
}

function wrongUse(sentence) {
  say(`setup: ${sentence}`)
  return 2
}

/** What we run decides what a signal means; a terminal sends Ctrl+C to it without our help. */
function passSignalsOn() {
  const pass = (signal) => {
    if (running.size === 0) process.exit(128 + constants.signals[signal])
    if (signal === 'SIGTERM' || !process.stdin.isTTY) for (const child of running) child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass)
}

/** Packages and an up-to-date build. Quick when there is nothing to do. */
async function prepare() {
  await installPackages()
  if (readText(join(root, 'dist/.stamp')) !== sourcesStamp()) await build(['core/host', 'electron', 'renderer'])
}

async function installPackages() {
  const stampFile = join(root, 'node_modules/.stamp')
  const wanted = hashOf(readFileSync(join(root, 'package-lock.json')))
  if (readText(stampFile) === wanted && existsSync(node())) return
  await watched('Getting the packages, about a minute', npm(), [
    ...['ci', '--include=dev', '--no-fund', '--no-audit', '--no-progress', '--loglevel=error'],
  ])
  await makeSureOfNode()
  writeText(stampFile, wanted)
}

/** The npm that runs us: the one on the path may be another, and on Windows only a shell can start that. */
function npm() {
  const path = process.env.npm_execpath ?? ''
  return basename(path) === 'npm-cli.js' ? [process.execPath, path] : ['npm']
}

/** A user's own npm settings may forbid install scripts; this one is approved in package.json. */
async function makeSureOfNode() {
  const folder = join(root, 'node_modules/node')
  if (!existsSync(node()))
    await watched('Getting Node 24', [process.execPath], ['installArchSpecificPackage.js'], { cwd: folder })
  const version = spawnSync(node(), ['--version'], { encoding: 'utf8' }).stdout ?? ''
  if (!version.startsWith('v24.')) throw new Error(`${node()} is "${version.trim()}" and not Node 24; run npm ci`)
}

async function build(projects = []) {
  const stamp = sourcesStamp()
  say('Building…')
  rmSync(join(root, 'dist/.stamp'), { force: true }) // nobody runs what a failed build left
  await must(node(), [tools.tsc, '-b', ...projects])
  await must(node(), [tools.vite, 'build', '--config', 'renderer/vite.config.ts', '--logLevel', 'warn'])
  for (const module of wholes) await buildWhole(module)
  writeText(join(root, 'dist/.stamp'), stamp)
}

/** See .config/whole.config.ts. */
function buildWhole(module) {
  const to = ['--ssr', `${module}.ts`, '--outDir', join('dist', dirname(module))]
  return must(node(), [tools.vite, 'build', '--config', '.config/whole.config.ts', ...to, '--logLevel', 'warn'])
}

/** Build, lint, types, unused code. The layers are a test file. */
async function checkSources() {
  await build()
  say('Checking style and unused code…')
  await must(node(), [tools.biome, 'check', '--error-on-warnings', '.'])
  await must(node(), [tools.knip, '--config', '.config/knip.json', '--no-progress'])
}

function runTests(args) {
  const report = process.env.FIELDWATCH_REPORT
  const reporters = report === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const parts = process.env.CI === 'true' ? { FIELDWATCH_REQUIRE_PARTS: '1' } : {}
  return run(node(), [tools.vitest, 'run', ...vitestConfig, ...reporters, ...args], { env: parts })
}

/** Opens the desktop window; resolves to its exit code, or to null where there can be none. */
async function openWindow(args) {
  if (!hasDisplay() || !(await hasElectron())) return null
  const opened = Date.now()
  const code = await run(electronProgram(), [root, ...args])
  const failedToOpen = code !== 0 && code < 128 && Date.now() - opened < windowTrialMs
  if (!failedToOpen) return code
  say(`The window could not be opened here (exit ${code}); the same app is served to your browser.`)
  return null
}

function hasDisplay() {
  return windows || process.platform === 'darwin' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

/** Fetches Electron's binary at the first start. A failure is said once and remembered for a day. */
async function hasElectron() {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8'))
  const failed = join(cache, `electron-${version}.failed`)
  if (electronProgram() !== null) return true
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < electronRetryMs) return false
  const got = await watched('Getting the desktop window, at most a minute', [node()], ['install.js'], {
    cwd: join(root, 'node_modules/electron'),
    timeoutMs: electronTrialMs,
  }).catch(() => 'failed')
  if (got !== 'failed' && electronProgram() !== null) return true
  writeText(failed, '')
  say('The desktop window could not be fetched; the same app is served to your browser. It is tried again in a day.')
  return false
}

function electronProgram() {
  const folder = join(root, 'node_modules/electron')
  const name = readText(join(folder, 'path.txt'))
  return name !== null && existsSync(join(folder, 'dist', name)) ? join(folder, 'dist', name) : null
}

/** Real parts for the tests: a broker, a browser, Kafka and its reader, a compiler for a disk that fails. */
async function getTestParts() {
  const programs = { mosquitto: 'mosquitto', chromium: 'chromium', kcat: 'kcat', mvn: 'maven' }
  const missing = Object.keys(programs).flatMap((name) => (findProgram(name) === null ? [programs[name]] : []))
  if (!hasJava17()) missing.push('default-jre-headless')
  if (process.platform === 'linux' && findProgram('cc') === null) missing.push('gcc', 'libc6-dev')
  if (missing.length > 0) await installDebianPackages(missing)
  if (findProgram('mvn') !== null) await run(node(), ['test/support/kafka/fetch.mjs'])
}

function hasJava17() {
  if (findProgram('java') === null) return false
  const said = spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? ''
  return Number(/version "(\d+)/.exec(said)?.[1] ?? 0) >= 17
}

async function installDebianPackages(names) {
  const list = names.join(', ')
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const may = findProgram('apt-get') !== null && (asRoot.length === 0 || spawnSync('sudo', ['-n', 'true']).status === 0)
  if (!may) return say(`For every test to run, install ${list} (as Debian names them); what needs them is skipped.`)
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', '-o', 'DPkg::Lock::Timeout=120']
  try {
    await watched('Asking Debian for its packages', apt, ['update'])
    await watched(`Installing ${list}, a minute or two`, apt, ['install', '--no-install-recommends', ...names])
  } catch (error) {
    return say(`${error.message}\nInstall ${list} for every test to run; what needs them is skipped.`)
  }
  if (names.includes('mosquitto')) await stopTheService('mosquitto', asRoot)
}

/** Debian starts a daemon when it installs it; the tests start their own. */
async function stopTheService(name, asRoot) {
  if (!existsSync('/run/systemd/system')) return
  await watched(`Stopping Debian's own ${name}`, [...asRoot, 'systemctl'], ['disable', '--now', name]).catch((error) =>
    say(`${error.message}\nIt was installed for the tests and keeps running as a service.`),
  )
}

/** Debian keeps daemons in folders that are not on an ordinary user's path. */
function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  const names = windows ? [`${name}.exe`, `${name}.cmd`] : [name]
  return folders.flatMap((folder) => names.map((file) => join(folder, file))).find((path) => existsSync(path)) ?? null
}

function node() {
  return join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node')
}

/** Name, size and time of each file that a build reads: cheap, and enough to see an edit or a pull. */
function sourcesStamp() {
  const folders = ['.config', 'core', 'electron', 'renderer'].map((name) => join(root, name))
  const files = [...folders.flatMap(filesBelow), join(root, 'package-lock.json')].sort()
  return hashOf(
    files.map((file) => `${relative(root, file)} ${statSync(file).size} ${statSync(file).mtimeMs}`).join('\n'),
  )
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

function hashOf(data) {
  return createHash('sha256').update(data).digest('hex')
}

function readText(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

function writeText(file, text) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

async function firstToEnd(ends) {
  const code = await Promise.race(ends)
  for (const child of running) child.kill()
  return code
}

async function must(program, args) {
  const code = await run(program, args)
  if (code !== 0) throw new Error(`${args.map((arg) => basename(arg)).join(' ')} failed (exit ${code})`)
}

/** Runs a program on our terminal with the right Node first on its path; resolves to its exit code. */
function run(program, args, { cwd = root, env = {} } = {}) {
  return ended(spawn(program, args, { cwd, env: { ...environment(), ...env }, stdio: 'inherit' }))
}

/** Runs a talkative program behind one line of progress; what it said last is in the error if it fails. */
async function watched(doing, [program, ...first], args, { cwd = root, timeoutMs = 0 } = {}) {
  const stdio = ['ignore', 'pipe', 'pipe']
  const shell = windows && program === 'npm'
  const child = spawn(program, [...first, ...args], { cwd, env: environment(), stdio, timeout: timeoutMs, shell })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said = (said + text).slice(-3_000)))
  const stop = showProgress(doing)
  const code = await ended(child).finally(stop)
  if (code !== 0) throw new Error(`${doing}: failed (exit ${code})\n${said.trim()}`)
}

function environment() {
  const path = [join(root, 'node_modules/node/bin'), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  return { ...process.env, PATH: path }
}

function ended(child) {
  running.add(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  }).finally(() => running.delete(child))
}

/** On a terminal a line that counts the seconds; in a file a line now and then. */
function showProgress(doing) {
  const began = Date.now()
  const seconds = () => Math.round((Date.now() - began) / 1000)
  const live = process.stderr.isTTY
  process.stderr.write(live ? `${doing}…` : `${doing}…\n`)
  const timer = setInterval(
    () => process.stderr.write(live ? `\r${doing}… ${seconds()} s` : `  ${seconds()} s\n`),
    live ? 1_000 : 15_000,
  )
  return () => {
    clearInterval(timer)
    process.stderr.write(live ? `\r${doing}: ${seconds()} s \n` : '')
  }
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
