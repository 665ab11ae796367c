export const python: string
export function jarsOf(name: 'spark' | 'flink' | 'connect'): string[]
