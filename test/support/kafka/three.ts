import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { asAdmin } from './admin.ts'
import { BrokerProcess } from './broker-process.ts'
import { brokerArgs, formatArgs, freePorts } from './kafka.ts'

const exec = promisify(execFile)

/** Three real brokers on this machine; every topic of a transaction may have three copies, two of which must be there. */
export interface ThreeKafkas {
  /** host:port of each, with commas. */
  readonly address: string
  readonly brokers: readonly OneOfThree[]
  /** Resolves when every copy is where it should be. */
  whole(): Promise<void>
  remove(): Promise<void>
}

export interface OneOfThree {
  /** SIGKILL, and waits. */
  kill(): Promise<void>
  /** SIGTERM, and waits. */
  stop(): Promise<void>
  freeze(): void
  thaw(): void
  /** Starts again what was killed or stopped. */
  restart(): void
}

export async function startThree(): Promise<ThreeKafkas> {
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-kafkas-'))
  const ports = await freePorts(6)
  const [clients, controllers] = [ports.slice(0, 3), ports.slice(3)]
  const address = clients.map((port) => `127.0.0.1:${port}`).join(',')
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')
  const brokers: Broker[] = []
  for (let node = 0; node < 3; node++) {
    const own = join(dir, String(node))
    mkdirSync(own)
    writeFileSync(join(own, 'server.properties'), propertiesOf(own, node, clients[node]!, controllers))
    await exec('java', [...formatArgs, `--cluster-id=${id}`, '-c', join(own, 'server.properties')])
    brokers.push(new Broker(own))
  }
  for (const broker of brokers) broker.restart()
  const whole = () => isWhole(address)
  const remove = async () => {
    await Promise.all(brokers.map((broker) => broker.kill()))
    rmSync(dir, { recursive: true, force: true })
  }
  while (!(await everyBrokerAnswers(address))) await sleep(300)
  return { address, brokers, whole, remove }
}

const propertiesOf = (dir: string, node: number, client: number, controllers: readonly number[]) => `
process.roles=broker,controller
node.id=${node + 1}
controller.quorum.voters=${controllers.map((port, i) => `${i + 1}@127.0.0.1:${port}`).join(',')}
listeners=PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controllers[node]}
advertised.listeners=PLAINTEXT://127.0.0.1:${client}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(dir, 'data')}
auto.create.topics.enable=false
min.insync.replicas=2
offsets.topic.num.partitions=3
transaction.state.log.num.partitions=3
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=8388608
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
replica.lag.time.max.ms=5000
`

class Broker extends BrokerProcess implements OneOfThree {
  restart(): void {
    this.start([...brokerArgs, join(this.dir, 'server.properties')])
  }
}

async function everyBrokerAnswers(address: string): Promise<boolean> {
  return asAdmin(address, (admin) => admin.describeCluster()).then(
    ({ brokers }) => brokers.length === 3,
    () => false,
  )
}

async function isWhole(address: string): Promise<void> {
  for (;;) {
    const whole = await asAdmin(address, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata()
      return topics.every(({ partitions }) => partitions.every(({ isr, replicas }) => isr.length === replicas.length))
    }).catch(() => false)
    if (whole && (await everyBrokerAnswers(address))) return
    await sleep(300)
  }
}
