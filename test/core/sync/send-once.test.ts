import { expect, test } from 'vitest'
import { createSendMessages, type Producing } from '../../../core/sync/send-once.ts'

// The real client cannot be made to lose a leader at a chosen moment; test/sync does it to a real cluster of three.

const partitions = new Map<string, number>()
const chunk = (partition: number, count: number) => ({ partition, count, partitions })
const moved = Object.assign(new Error('moved'), { type: 'NOT_LEADER_FOR_PARTITION', retriable: true })

test('a partition that has answered is sent no more, and one that moved to a broker that has answered still is', async () => {
  const sent: string[] = []
  let leaders = [1, 2]
  const sequences = [0, 0]
  const brokerOf = (nodeId: string) => ({
    produce: async ({ topicData }: { topicData: { partitions: { partition: number; firstSequence: number }[] }[] }) => {
      const { partition, firstSequence } = topicData[0]!.partitions[0]!
      sent.push(`partition ${partition} to broker ${nodeId} from ${firstSequence}`)
      if (nodeId === '2' && leaders[1] === 2) throw moved
      return { topics: [{ topicName: 't', partitions: [{ partition, baseOffset: '0' }] }] }
    },
  })
  const producing = {
    cluster: {
      addMultipleTargetTopics: async () => {},
      refreshMetadataIfNecessary: async () => {},
      refreshMetadata: async () => {
        leaders = [2, 1]
      },
      findTopicPartitionMetadata: () => [{}, {}],
      findLeaderForPartitions: (_: string, [partition]: number[]) => ({ [leaders[partition!]!]: [partition] }),
      findBroker: async ({ nodeId }: { nodeId: string }) => brokerOf(nodeId),
      isConnected: () => true,
    },
    eosManager: {
      isTransactional: () => false,
      getProducerId: () => '7',
      getProducerEpoch: () => 0,
      getSequence: (_: string, partition: number) => sequences[partition]!,
      updateSequence: (_: string, partition: number, by: number) => {
        sequences[partition]! += by
      },
    },
    retrier: async (attempt: (bail: () => void) => Promise<unknown>) =>
      attempt(() => {}).catch(() => attempt(() => {})),
  } as unknown as Producing
  const send = createSendMessages(() => new Error('not loaded'))(producing)
  const answers = await send({
    acks: -1,
    timeout: 1,
    compression: 0,
    topicMessages: [{ topic: 't', messages: [chunk(0, 2), chunk(1, 1)] }],
  })
  expect(sent).toEqual([
    'partition 0 to broker 1 from 0',
    'partition 1 to broker 2 from 0',
    'partition 1 to broker 1 from 0',
  ])
  expect(sequences).toEqual([2, 1])
  expect(answers).toHaveLength(2)
  expect(partitions).toEqual(new Map([['t', 2]]))
})
