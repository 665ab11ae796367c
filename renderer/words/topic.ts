import { count } from './number.ts'

const longest = 256

/** A topic as a fact on a page: one of up to 65,535 bytes is cut, and its length said. */
export function topicWords(topic: string): string {
  if (topic.length <= longest) return topic
  return `${topic.slice(0, longest)}… (${count(topic.length)} characters in all)`
}
