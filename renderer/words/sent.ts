import { count, many, percent } from './number.ts'

/** What is known of what sources or devices sent. */
interface Sent {
  readonly messages: number
  readonly repeats: number
  readonly qos0: number
}

/** "606 messages, none sent again by the broker." */
export function sentWords({ messages, repeats }: Sent): string {
  return `${many(messages, 'message')}, ${repeats === 0 ? 'none' : count(repeats)} sent again by the broker.`
}

/** What came without acknowledgement can be lost on its way and nobody knows. Empty when none did. */
export function qosWords(sent: readonly Sent[]): string {
  const qos0 = sent.reduce((sum, one) => sum + one.qos0, 0)
  const all = sent.reduce((sum, one) => sum + one.messages, 0)
  if (qos0 === 0) return ''
  const share =
    qos0 === all
      ? 'All messages'
      : qos0 / all < 0.01
        ? 'Less than 1\u2009% of the messages'
        : `${percent(qos0 / all)} of the messages`
  return `${share} came with QoS 0: what was lost on the way cannot be known.`
}

/** Empty when none are missing, as where there is no Sparkplug (null). `of`: an edge node numbers what all its devices send. */
export function missedWords(missed: readonly ({ readonly messages: number } | null)[], of = ''): string {
  const messages = missed.reduce((sum, one) => sum + (one?.messages ?? 0), 0)
  return messages === 0 ? '' : `${many(messages, 'message')}${of} missing by Sparkplug sequence.`
}
