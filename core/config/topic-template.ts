/** A name as Kafka takes it in a topic: accents go, what else it does not take becomes a dash. */
export function topicPart(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-zA-Z0-9._-]+/g, '-')
}

export type Placeholder = 'site' | 'type'

/** The topic that a template means; `{site}` and `{type}` stand for these values. */
export function fillTopic(template: string, values: Readonly<Record<Placeholder, string>>): string {
  return template.replace(/\{(site|type)\}/g, (_, name: Placeholder) => topicPart(values[name]))
}

/** What is wrong with a template, to be read on from its value; null: nothing. */
export function templateFault(template: string, allowed: readonly Placeholder[]): string | null {
  const known = allowed.map((name) => `{${name}}`)
  const unknown = template.match(/\{[^{}]*\}/g)?.find((found) => !known.includes(found))
  if (unknown !== undefined) return `has ${unknown}, which stands for nothing here; there is ${known.join(' and ')}`
  const rest = known.reduce((text, name) => text.replaceAll(name, ''), template)
  const legal = /^[a-zA-Z0-9._-]*$/.test(rest) && template !== '.' && template !== '..'
  return legal ? null : `is not a Kafka topic; use letters, digits, dot, dash, underscore and ${known.join(' or ')}`
}
