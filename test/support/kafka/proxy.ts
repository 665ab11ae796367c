import { createServer, connect as dial, type Server, type Socket } from 'node:net'

/** Numbers of requests in Kafka's protocol. */
export const apis = { produce: 0, endTransaction: 26 } as const

/** Stands between a client and a broker, and loses what it is told to. */
export interface FaultyProxy {
  readonly port: number
  /** The next answer to a request of this kind is lost with its connection; the broker has acted on it. */
  loseAnswer(api: number): void
  /** The next request of this kind is lost with its connection before the broker sees it. */
  loseRequest(api: number): void
  /** How many were lost so far. */
  readonly lost: () => number
  stop(): Promise<void>
}

interface Faults {
  readonly answers: number[]
  readonly requests: number[]
  lost: number
}

/** `target` is asked at each connection, so that it may be known later than the port. */
export async function startProxy(target: () => string): Promise<FaultyProxy> {
  const faults: Faults = { answers: [], requests: [], lost: 0 }
  const sockets = new Set<Socket>()
  const server = createServer((client) => carry(client, target(), faults, sockets))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port, // listens on TCP
    loseAnswer: (api) => faults.answers.push(api),
    loseRequest: (api) => faults.requests.push(api),
    lost: () => faults.lost,
    stop: () => stop(server, sockets),
  }
}

function carry(client: Socket, target: string, faults: Faults, sockets: Set<Socket>): void {
  const [host, port] = target.split(':')
  const broker = dial(Number(port), host)
  /** Kinds of the requests that are not answered yet, oldest first: answers come in order. */
  const asked: number[] = []
  const cut = () => {
    client.destroy()
    broker.destroy()
  }
  const lose = (planned: number[], api: number) => {
    const at = planned.indexOf(api)
    if (at < 0) return false
    planned.splice(at, 1)
    faults.lost += 1
    cut()
    return true
  }
  for (const socket of [client, broker]) {
    sockets.add(socket)
    socket.on('error', cut)
    socket.on('close', () => {
      sockets.delete(socket)
      cut()
    })
  }
  client.on(
    'data',
    frames((frame) => {
      const api = frame.readInt16BE(4)
      if (lose(faults.requests, api)) return
      asked.push(api)
      broker.write(frame)
    }),
  )
  broker.on(
    'data',
    frames((frame) => {
      if (!lose(faults.answers, asked.shift()!)) client.write(frame)
    }),
  )
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
