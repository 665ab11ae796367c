import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Numbers of requests in Kafka's protocol. */
export const apis = { produce: 0, addOffsets: 25, endTransaction: 26, commitOffset: 28 } as const

/** What happens to whatever passes, by chance. */
export interface Weather {
  /** Chance from 0 to 1, numbers as `Math.random` gives them. */
  readonly random: () => number
  /** A request or an answer is lost with its connection. */
  readonly lose?: number
  /** It takes up to so long. */
  readonly delayMs?: number
  /** It comes in two packets, some time apart. */
  readonly halve?: number
  /** Its first half comes, and then the connection is cut. */
  readonly cut?: number
}

/** Stands between clients and a broker, and loses what it is told to. */
export interface FaultyProxy {
  readonly port: number
  /** The next answer to a request of this kind is lost with its connection; the broker has acted on it. */
  loseAnswer(api: number): void
  /** The next request of this kind is lost with its connection before the broker sees it. */
  loseRequest(api: number): void
  /** The next answer to a request of this kind never comes, and the connection stays. */
  swallowAnswer(api: number): void
  /** Of two requests of this kind that are on their way at once the first is answered; the answer to the second is lost. */
  loseSecondAnswer(api: number): void
  /** From now on; null: fair. */
  weather(weather: Weather | null): void
  /** How many were lost, cut or swallowed so far. */
  readonly lost: () => number
  /** Bytes that clients have sent through it. */
  readonly passed: () => number
  stop(): Promise<void>
}

type Loss = 'answer' | 'second answer' | 'request' | 'silence'

class Faults {
  lost = 0
  passed = 0
  weather: Weather | null = null
  private readonly planned: { readonly api: number; readonly loss: Loss }[] = []

  plan(api: number, loss: Loss): void {
    this.planned.push({ api, loss })
  }

  /** Whether it was planned to lose this one. */
  take(api: number, loss: Loss): boolean {
    const at = this.planned.findIndex((one) => one.api === api && one.loss === loss)
    if (at < 0) return false
    this.planned.splice(at, 1)
    this.lost += 1
    return true
  }

  happens(what: 'lose' | 'halve' | 'cut'): boolean {
    const { weather } = this
    const happens = weather !== null && weather.random() < (weather[what] ?? 0)
    if (happens && what !== 'halve') this.lost += 1
    return happens
  }

  delayMs(): number {
    return (this.weather?.delayMs ?? 0) * (this.weather?.random() ?? 0)
  }
}

/** `target` is asked at each connection, so that it may be known later than the port. */
export async function startProxy(target: () => string): Promise<FaultyProxy> {
  const faults = new Faults()
  const sockets = new Set<Socket>()
  const server = createServer((client) => carry(client, target(), faults, sockets))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port, // listens on TCP
    loseAnswer: (api) => faults.plan(api, 'answer'),
    loseRequest: (api) => faults.plan(api, 'request'),
    swallowAnswer: (api) => faults.plan(api, 'silence'),
    loseSecondAnswer: (api) => faults.plan(api, 'second answer'),
    weather: (weather) => {
      faults.weather = weather
    },
    lost: () => faults.lost,
    passed: () => faults.passed,
    stop: () => stop(server, sockets),
  }
}

function carry(client: Socket, target: string, faults: Faults, sockets: Set<Socket>): void {
  const [host, port] = target.split(':')
  const broker = dial(Number(port), host)
  /** Kinds of the requests that are not answered yet, oldest first: answers come in order. */
  const asked: number[] = []
  /** Kind of the request whose answer is to be lost, because the one before was answered while it was on its way. */
  let second: number | null = null
  const cut = () => {
    client.destroy()
    broker.destroy()
  }
  for (const socket of [client, broker]) {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', cut)
    socket.on('close', () => {
      sockets.delete(socket)
      cut()
    })
  }
  const toBroker = pass(broker, faults, cut)
  const toClient = pass(client, faults, cut)
  client.on(
    'data',
    frames((frame) => {
      const api = frame.readInt16BE(4)
      if (faults.take(api, 'request') || faults.happens('lose')) return cut()
      asked.push(api)
      faults.passed += frame.length
      toBroker(frame)
    }),
  )
  broker.on(
    'data',
    frames((frame) => {
      const api = asked.shift()!
      if (api === second || faults.take(api, 'answer') || faults.happens('lose')) return cut()
      if (asked.includes(api) && faults.take(api, 'second answer')) second = api
      if (!faults.take(api, 'silence')) toClient(frame)
    }),
  )
}

/** Writes frames in their order, through the weather. */
function pass(to: Socket, faults: Faults, cut: () => void): (frame: Buffer) => void {
  let last: Promise<void> | null = null
  const through = async (frame: Buffer, before: Promise<void> | null) => {
    await before
    await sleep(faults.delayMs())
    const half = frame.length >> 1
    if (faults.happens('cut')) to.end(frame.subarray(0, half), cut)
    else if (faults.happens('halve')) {
      to.write(frame.subarray(0, half))
      await sleep(5 + faults.delayMs())
      to.write(frame.subarray(half))
    } else to.write(frame)
  }
  return (frame) => {
    if (faults.weather === null && last === null) to.write(frame)
    else {
      const mine = through(frame, last).then(() => {
        if (last === mine) last = null
      })
      last = mine
    }
  }
}

/** Cuts a stream into frames: four bytes of length, then as many bytes. */
function frames(each: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      each(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  }
}

function stop(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  return new Promise((resolve) => server.close(() => resolve()))
}
