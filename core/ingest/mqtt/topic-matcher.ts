/** Finds the first of some topic filters that a topic matches, by the rules of MQTT; null when none does. */
export function topicMatcher(filters: readonly string[]): (topic: string) => string | null {
  const split = filters.map((filter) => ({ filter, levels: filter.split('/') }))
  if (split.length === 0) return () => null
  return (topic) => {
    const levels = topic.split('/')
    return split.find((one) => matches(one.levels, levels))?.filter ?? null
  }
}

/** A wildcard at the beginning does not match the broker's own topics, as $SYS. */
function matches(filter: readonly string[], topic: readonly string[]): boolean {
  if (topic[0]!.startsWith('$') && (filter[0] === '#' || filter[0] === '+')) return false
  for (const [i, level] of filter.entries()) {
    if (level === '#') return true
    if (i === topic.length || (level !== '+' && level !== topic[i])) return false
  }
  return filter.length === topic.length
}
