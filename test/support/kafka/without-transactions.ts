import { createServer, connect as dial, type Socket } from 'node:net'

const apiVersions = 18
/** AddPartitionsToTxn, AddOffsetsToTxn, EndTxn and TxnOffsetCommit. */
const transactions = new Set([24, 25, 26, 28])

/** Stands before a broker and leaves transactions out of what it says it can do, as some that speak its protocol do. */
export async function withoutTransactions(target: () => string): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const [host, port] = target().split(':')
    const broker = dial(Number(port), host)
    const asked: number[] = []
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        broker.destroy()
      })
    }
    client.on(
      'data',
      frames((frame) => {
        asked.push(frame.readInt16BE(4))
        broker.write(frame)
      }),
    )
    broker.on(
      'data',
      frames((frame) => void client.write(asked.shift() === apiVersions ? without(frame) : frame)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port, // listens on TCP
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** Size, correlation, error, then six bytes for each API behind their number, then the rest. */
function without(frame: Buffer): Buffer {
  const count = frame.readInt32BE(10)
  const apis = Array.from({ length: count }, (_, i) => frame.subarray(14 + i * 6, 20 + i * 6))
  const kept = apis.filter((api) => !transactions.has(api.readInt16BE(0)))
  const answer = Buffer.concat([frame.subarray(0, 14), ...kept, frame.subarray(14 + count * 6)])
  answer.writeInt32BE(answer.length - 4, 0)
  answer.writeInt32BE(kept.length, 10)
  return answer
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
